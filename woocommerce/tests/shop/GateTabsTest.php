<?php
/**
 * One shopper with two tabs: what ELMED keeps once leaves the shop once.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Gate\Attempt;
use Elmed\WooCommerce\Gate\Calls;
use Elmed\WooCommerce\Gate\ClassicCheckout;
use Elmed\WooCommerce\Gate\Outcome;
use Elmed\WooCommerce\Gate\Turn;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\Report;
use Elmed\WooCommerce\Orders\Words;

require_once __DIR__ . '/OrdersCase.php';

final class GateTabsTest extends OrdersCase {

	protected function setUp(): void {
		parent::setUp();
		WC()->session = null;
		WC()->cart    = null;
		wc_load_cart();
		WC()->cart->empty_cart();
		WC()->cart->add_to_cart( $this->medicine->get_id(), 3 );
	}

	protected function tearDown(): void {
		Outcome::drop();
		Turn::end();
		wc_clear_notices();
		parent::tearDown();
	}

	public function test_while_the_first_tab_pays_the_second_neither_uses_nor_frees_its_reservation(): void {
		$made  = Elmed::say( 'prescription' );
		$first = $this->order( array( array( $this->medicine, 3 ) ) );
		$this->assertSame( array(), $this->place( $made, $first ) );
		$this->otherRequest();

		$second = $this->order( array( array( $this->medicine, 3 ) ) );
		$this->assertStringContainsString( 'kept for another order', implode( $this->place( $made, $second ) ) );
		$this->assertSame( OrderState::PENDING, OrderState::release( $this->again( $second ) ) );

		WC()->cart->set_quantity( array_key_first( WC()->cart->get_cart() ), 2 );
		$this->place( $made, null );
		$this->assertSame( array( '' ), array_map( 'strval', array_column( $this->reservations( $made ), 'freed' ) ), 'the first order keeps it' );
		$this->assertSame( OrderState::RELEASED, OrderState::release( $this->again( $first ) ) );
	}

	public function test_an_order_that_comes_second_to_the_same_reservation_is_not_placed(): void {
		$made  = Elmed::say( 'prescription' );
		$first = $this->order( array( array( $this->medicine, 3 ) ) );
		$verdict = $this->ask( $first, $made );
		OrderState::letThrough( $first, $verdict );

		$second = $this->order( array( array( $this->medicine, 3 ) ) );
		Outcome::begin( $verdict, Attempt::ofSession(), new Calls() );
		$said = '';
		try {
			( new ClassicCheckout() )->orderCreated( $second );
		} catch ( \Exception $refused ) {
			$said = $refused->getMessage();
		}
		( new Outcome() )->afterAll();

		$this->assertStringContainsString( 'kept for another order', $said );
		$this->assertSame( OrderState::PENDING, OrderState::release( $this->again( $second ) ) );
		$this->assertSame( array( '' ), array_map( 'strval', array_column( $this->reservations( $made ), 'freed' ) ) );
	}

	public function test_a_tab_waits_for_the_others_check_and_sees_what_it_left(): void {
		$code  = 'wc_load_cart(); Elmed\WooCommerce\Database\Lock::take( "shopper-' . WC()->session->get_customer_id() . '", 1 ); echo "held"; flush(); sleep( 20 );';
		$other = Process::start( $code );
		$end   = microtime( true ) + 10;
		global $wpdb;
		$name = 'elmed_' . md5( DB_NAME . '|' . $wpdb->prefix . '|shopper-' . WC()->session->get_customer_id() );
		while ( '0' !== $wpdb->get_var( "SELECT IS_FREE_LOCK( '$name' )" ) ) {
			$this->assertLessThan( $end, microtime( true ) );
			usleep( 50000 );
		}
		$made  = Elmed::say( 'prescription' );
		$calls = Elmed::calls( fn() => $this->assertStringContainsString( 'Place the order again in a minute', implode( $this->place( $made, null ) ) ) );
		$other->kill();

		$this->assertSame( array(), $calls );
		$this->assertSame( array(), $this->place( $made, $this->order( array( array( $this->medicine, 3 ) ) ) ), 'and goes on when the other is gone' );
	}

	public function test_two_orders_with_one_reservation_report_one_dispense_and_the_other_alarms(): void {
		$made    = Elmed::say( 'prescription' );
		$orders  = array( $this->order( array( array( $this->medicine, 3 ) ) ), $this->order( array( array( $this->medicine, 3 ) ) ) );
		$verdict = $this->ask( $orders[0], $made );
		foreach ( $orders as $order ) {
			OrderState::letThrough( $order, $verdict );
			$order->payment_complete();
			$this->complete( $order );
		}
		$first  = $this->dispense( $orders[0] );
		$second = $this->dispense( $orders[1] );

		$this->assertSame( array( Report::DONE, Report::REFUSED ), array( Report::ofDispense()->state( $first ), Report::ofDispense()->state( $second ) ) );
		$this->assertSame( array( OrderState::STOPPED, 'yes' ), array( OrderState::release( $second ), $second->get_meta( OrderState::ALERT ) ) );
		$this->assertSame( 'Do not send: the reservation was used already', Words::release( $second ) );
		$this->assertCount( 1, $this->supplied( $made ) );
	}

	public function test_nothing_is_reported_that_is_not_confirmed_for_the_order(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		OrderState::letThrough( $order, $this->ask( $order, $made ) );
		$order->payment_complete();
		$this->complete( $order );
		Elmed::say( 'weather', array( 'lose_answers' => 1, 'only' => '/confirm' ) );
		$order = $this->dispense( $order );
		$this->assertSame( array( Report::RETRYING, 0 ), array( Report::ofDispense()->state( $order ), count( $this->supplied( $made ) ) ) );

		$order = $this->dispense( $order );
		$this->assertSame( array( Report::DONE, 1 ), array( Report::ofDispense()->state( $order ), count( $this->supplied( $made ) ) ) );
	}

	/** The next request of the same shopper: its session as the first one saved it, before that ends. */
	private function otherRequest(): void {
		foreach ( array( 'verdict', 'attempt', 'orderId' ) as $name ) {
			$property = new \ReflectionProperty( Outcome::class, $name );
			$property->setAccessible( true );
			$property->setValue( null, null );
		}
		Turn::end();
		$this->assertNotSame( array(), Attempt::ofSession()->load() );
	}

	/** Place it by the classic form: what the shopper is told against it. */
	private function place( array $made, ?\WC_Order $order ): array {
		$errors = new \WP_Error();
		( new ClassicCheckout() )->validate( array( 'elmed_prescription' => $made['reference'], 'elmed_date_of_birth' => $made['date_of_birth'] ), $errors );
		if ( $order && ! $errors->has_errors() ) {
			( new ClassicCheckout() )->orderCreated( $order );
		}
		return $errors->get_error_messages();
	}
}
