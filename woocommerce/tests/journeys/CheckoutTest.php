<?php
/**
 * The gate over HTTP, as shoppers and programs meet it: each of the four ways refuses what must be refused, changes
 * nothing then, and takes a good prescription; an ordinary basket never makes the shop ask ELMED.
 */

namespace Elmed\WooCommerce\Tests;

final class CheckoutTest extends JourneyCase {

	protected static function begin(): void {
		parent::begin();
		self::product( 'AMX', array( 'medicine' => true, 'stock' => '500' ) );
		self::product( 'CREAM', array( 'stock' => '500' ) );
		self::product( 'RAMI', array( 'medicine' => true, 'name' => 'Ramipril 5 mg tablets', 'medication_code' => 'C09AA05', 'strength' => '5 mg', 'form' => 'tablet', 'pack' => '28', 'pack_unit' => 'tablet', 'stock' => '500' ) );
		self::sync();
	}

	private const RAMIPRIL = array( 'text' => 'ramipril 5 mg tablets', 'code' => 'C09AA05', 'strength' => '5 mg', 'form' => 'tablet', 'unit' => 'tablet', 'quantity' => 28 );

	/** @dataProvider refusals */
	public function test_refused_and_nothing_changed( string $path, array $given, int $packs, ?array $change, string $words ): void {
		$made  = self::prescription( $given );
		$proof = null === $change ? array() : $change + $made;
		$was   = Elmed::say( 'status', array( 'id' => $made['id'] ) );
		$kept  = count( Elmed::say( 'reservations', array( 'prescription' => $made['id'] ) ) );

		$tried = self::buy( $path, self::inShop( 'AMX' ), $proof, $packs );

		$this->assertFalse( $tried['placed'], $tried['words'] );
		$this->assertMatchesRegularExpression( $words, $tried['words'] );
		$this->assertSame( 0, self::standing(), 'no order stands' );
		$this->assertSame( $was, Elmed::say( 'status', array( 'id' => $made['id'] ) ) );
		$this->assertCount( $kept, Elmed::say( 'reservations', array( 'prescription' => $made['id'] ) ) );
	}

	/** Path, prescription, packs, what of the proof is changed (null: none is shown), words of the refusal. */
	public static function refusals(): array {
		$cases = array(
			'no proof'               => array( array(), 1, null, '/prescription/i' ),
			'wrong date of birth'    => array( array(), 1, array( 'date_of_birth' => '1957-08-24' ), '/No prescription matches/' ),
			'unknown reference'      => array( array(), 1, array( 'reference' => 'AAAA-BBBB-CCCC' ), '/No prescription matches/' ),
			'expired'                => array( array( 'state' => 'expired' ), 1, array(), '/expired/' ),
			'dispensed'              => array( array( 'state' => 'dispensed' ), 1, array(), '/dispensed already/' ),
			'not covering'           => array( array( 'lines' => array( self::RAMIPRIL ) ), 1, array(), '/not on this prescription/' ),
			'too small'              => array( array( 'lines' => array( array( 'quantity' => 10 ) ) ), 1, array(), '/more than the prescription allows/' ),
			'two packs for one'      => array( array(), 2, array(), '/more than the prescription allows/' ),
			'at another pharmacy'    => array( array( 'state' => 'elsewhere' ), 1, array(), '/not with this pharmacy/' ),
			'at no pharmacy'         => array( array( 'state' => 'issued' ), 1, array(), '/not with this pharmacy/' ),
		);
		$all = array();
		foreach ( self::paths() as $where => $path ) {
			foreach ( $cases as $name => $case ) {
				$all[ "$where: $name" ] = array_merge( $path, $case );
			}
		}
		return $all;
	}

	/** @dataProvider paths */
	public function test_two_packs_of_28_against_a_line_of_28_are_refused_and_one_is_sold( string $path ): void {
		$made = self::prescription( array( 'lines' => array( self::RAMIPRIL ) ) );

		$this->assertFalse( self::buy( $path, self::inShop( 'RAMI' ), $made, 2 )['placed'] );
		$this->assertSame( array(), self::held( $made ) );
		$this->assertTrue( self::buy( $path, self::inShop( 'RAMI' ), $made, 1 )['placed'] );
		self::forget();
	}

	/** @dataProvider paths */
	public function test_a_good_one_is_sold_reserved_and_confirmed_with_the_orders_number( string $path ): void {
		$made   = self::prescription();
		$bought = null;
		$calls  = Elmed::calls(
			static function () use ( $path, $made, &$bought ) {
				$bought = self::buy( $path, self::inShop( 'AMX' ), $made );
			}
		);
		self::jobs();

		$this->assertTrue( $bought['placed'], $bought['words'] );
		$this->assertSame( 'processing', self::order( $bought['order']->get_id() )->get_status() );
		$checks = array_filter( array_column( $calls, 'path' ), static fn ( $one ) => false !== strpos( $one, '/check' ) );
		$this->assertCount( 1, $checks, 'one check an order' );
		$held = self::held( $made );
		$this->assertCount( 1, $held );
		$this->assertSame( array( (string) $bought['order']->get_order_number(), true ), array( $held[0]['order'], $held[0]['confirmed'] ) );
		self::forget();
	}

	/** @dataProvider paths */
	public function test_one_that_the_pharmacist_must_check_waits_on_hold_and_is_released_by_the_check( string $path ): void {
		$made   = self::prescription( array( 'state' => 'pending_review' ) );
		$bought = self::buy( $path, self::inShop( 'AMX' ), $made );
		self::jobs();
		$this->assertTrue( $bought['placed'], $bought['words'] );
		$this->assertSame( 'on-hold', self::order( $bought['order']->get_id() )->get_status() );

		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => 'verify', 'pharmacy' => self::$pharmacy['pharmacy_id'] ) );
		self::jobs();
		$this->assertSame( 'processing', self::order( $bought['order']->get_id() )->get_status() );
		self::forget();
	}

	public function test_one_that_the_pharmacist_rejects_is_never_released(): void {
		$made   = self::prescription( array( 'state' => 'pending_review' ) );
		$bought = self::buy( 'blocks', self::inShop( 'AMX' ), $made );
		self::jobs();
		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => 'reject', 'reason' => 'Interaction', 'pharmacy' => self::$pharmacy['pharmacy_id'] ) );
		self::jobs();

		$order = self::order( $bought['order']->get_id() );
		$this->assertSame( 'on-hold', $order->get_status() );
		$notes = implode( ' ', wp_list_pluck( wc_get_order_notes( array( 'order_id' => $order->get_id() ) ), 'content' ) );
		$this->assertMatchesRegularExpression( '/do not send/i', $notes );
		self::forget();
	}

	/** @dataProvider paths */
	public function test_an_issued_one_is_sent_here_from_the_checkout_and_waits( string $path ): void {
		$made   = self::prescription( array( 'state' => 'issued' ) );
		$bought = self::buy( $path, self::inShop( 'AMX' ), $made + array( 'send' => '1' ) );

		$this->assertTrue( $bought['placed'], $bought['words'] );
		$this->assertSame( 'on-hold', $bought['order']->get_status() );
		$this->assertSame( 'pending_review', Elmed::say( 'status', array( 'id' => $made['id'] ) )['status'] );
		self::forget();
	}

	/** @dataProvider paths */
	public function test_an_ordinary_basket_is_sold_without_a_call( string $path ): void {
		$calls = Elmed::calls(
			function () use ( $path ) {
				$this->assertTrue( self::buy( $path, self::inShop( 'CREAM' ), array() )['placed'] );
			}
		);

		$this->assertSame( array(), array_column( $calls, 'path' ) );
		self::forget();
	}

	/** @dataProvider paths */
	public function test_with_elmed_down_a_prescription_basket_is_refused_clearly_and_an_ordinary_one_sold( string $path ): void {
		$made = self::prescription();
		Elmed::say( 'stop' );
		$refused = self::buy( $path, self::inShop( 'AMX' ), $made );
		$sold    = self::buy( $path, self::inShop( 'CREAM' ), array() );
		Elmed::say( 'start' );

		$this->assertFalse( $refused['placed'] );
		$this->assertMatchesRegularExpression( '/cannot be checked at the moment/', $refused['words'] );
		$this->assertTrue( $sold['placed'], $sold['words'] );
		$this->assertSame( array(), Elmed::say( 'reservations', array( 'prescription' => $made['id'] ) ) );
		self::forget();
	}

	public function test_a_slow_elmed_costs_five_seconds_at_most(): void {
		$made    = self::prescription();
		$shopper = ( new Shopper() )->add( self::inShop( 'AMX' )->get_id() );
		Elmed::say( 'weather', array( 'delay' => 20 ) );
		$answer = $shopper->placeByBlocks( $made );
		Elmed::say( 'weather' );

		$this->assertNotSame( 200, $answer['status'] );
		$this->assertLessThan( 9.0, $shopper->seconds );
		self::until( static fn () => in_array( 200, array_column( Elmed::say( 'calls' ), 'status' ), true ) );
	}

	public function test_nothing_is_asked_while_the_shopper_looks_around_and_types(): void {
		$made  = self::prescription();
		$calls = Elmed::calls(
			static function () use ( $made ) {
				$shopper = ( new Shopper() )->add( self::inShop( 'AMX' )->get_id() );
				$shopper->get( '/shop/' );
				$shopper->store( 'GET', '/cart' );
				$shopper->typeIntoBlocks( array( 'reference' => substr( $made['reference'], 0, 3 ) ) );
				$shopper->typeIntoBlocks( $made );
				$shopper->addClassic( self::inShop( 'AMX' )->get_id() )->get( '/classic-checkout/' );
			}
		);

		$this->assertSame( array(), array_column( $calls, 'path' ) );
		$this->assertSame( 0, self::standing() );
	}

	public function test_placing_it_again_after_a_refused_payment_reserves_once(): void {
		$made    = self::prescription();
		$shopper = ( new Shopper() )->add( self::inShop( 'AMX' )->get_id() );
		$this->assertNotSame( 200, $shopper->placeByBlocks( $made, 'no-such-gateway' )['status'] );
		$this->assertSame( array(), array_filter( self::held( $made ), static fn ( $one ) => $one['confirmed'] ) );
		$this->assertSame( 200, $shopper->placeByBlocks( $made )['status'] );
		self::jobs();

		$this->assertCount( 1, self::held( $made ) );
		self::forget();
	}

	/** @dataProvider checkouts */
	public function test_two_shoppers_race_for_the_last_supply_and_one_gets_it( string $path ): void {
		$made = self::prescription();
		$add  = 'blocks' === $path ? 'add' : 'addClassic';
		$buy  = 'blocks' === $path ? 'placeByBlocks' : 'placeByForm';
		$code = sprintf( '$shopper = ( new \Elmed\WooCommerce\Tests\Shopper() )->%s( %d ); usleep( max( 0, (int) ( ( %F - microtime( true ) ) * 1e6 ) ) ); $answer = $shopper->%s( %s ); echo ( $answer["data"]["order_id"] ?? 0 ) && "failure" !== ( $answer["data"]["result"] ?? "" ) ? "placed" : "refused";', $add, self::inShop( 'AMX' )->get_id(), microtime( true ) + 4, $buy, var_export( $made, true ) );
		$said = Process::together( 2, $code );
		self::jobs();

		sort( $said );
		$this->assertSame( array( 'placed', 'refused' ), $said );
		$this->assertSame( 1, self::standing() );
		$this->assertCount( 1, self::held( $made ) );
		self::forget();
	}

	public static function checkouts(): array {
		return array( array( 'blocks' ), array( 'form' ) );
	}
}
