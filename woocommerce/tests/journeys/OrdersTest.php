<?php
/**
 * An order's life after the checkout: shipped later, completed twice, completed without ELMED, refused first, refunded,
 * called off, made by a program. What ELMED has of it in the end is what left the shop, once.
 */

namespace Elmed\WooCommerce\Tests;

final class OrdersTest extends JourneyCase {

	protected static function begin(): void {
		parent::begin();
		self::product( 'AMX', array( 'medicine' => true, 'stock' => '500' ) );
		self::product( 'CREAM', array( 'stock' => '500' ) );
		self::sync();
	}

	protected function tearDown(): void {
		self::forget();
		parent::tearDown();
	}

	public function test_paid_today_and_shipped_tomorrow_it_still_has_its_quantity(): void {
		list( $order, $made ) = $this->paid();
		Elmed::say( 'hours_pass', array( 'hours' => 30 ) );

		$this->assertCount( 1, self::held( $made ) );
		$this->assertFalse( self::buy( 'blocks', self::inShop( 'AMX' ), $made )['placed'] );
		$this->complete( $order );
		$this->assertSame( array( 21.0 ), $this->dispensed( $made ) );
	}

	public function test_completed_it_is_dispensed_under_the_orders_number_and_the_stock_is_taken(): void {
		list( $order, $made ) = $this->paid();
		$before = $this->stock( 'AMX' );
		$this->complete( $order );
		$one = Elmed::say( 'status', array( 'id' => $made['id'] ) );

		$this->assertSame( array( 'dispensed', (string) $order->get_order_number() ), array( $one['status'], $one['dispenses'][0]['external_reference'] ) );
		$this->assertSame( 1.0, $before - $this->stock( 'AMX' ) );
		$this->assertSame( array(), self::held( $made ) );
	}

	public function test_completed_twice_it_is_dispensed_once(): void {
		list( $order, $made ) = $this->paid();
		$order->update_status( 'completed' );
		do_action( 'woocommerce_order_status_completed', $order->get_id(), $order );
		self::jobs();
		$order = self::order( $order->get_id() );
		$order->update_status( 'processing' );
		$this->complete( $order );
		Process::together( 3, sprintf( '( new \Elmed\WooCommerce\Orders\DispenseJob() )->run( %d );', $order->get_id() ) );

		$this->assertSame( array( 21.0 ), $this->dispensed( $made ) );
	}

	public function test_three_workers_at_one_completed_order_report_it_once(): void {
		list( $order, $made ) = $this->paid();
		$order->update_status( 'completed' );
		$calls = Elmed::calls(
			static function () use ( $order ) {
				Process::together( 3, sprintf( '( new \Elmed\WooCommerce\Orders\DispenseJob() )->run( %d );', $order->get_id() ) );
			}
		);
		self::jobs();

		$this->assertCount( 1, array_unique( array_filter( array_column( $calls, 'idempotency_key' ) ) ) );
		$this->assertSame( array( 21.0 ), $this->dispensed( $made ) );
	}

	public function test_completed_while_elmed_is_down_it_is_dispensed_when_it_is_back(): void {
		list( $order, $made ) = $this->paid();
		Elmed::say( 'stop' );
		$order->update_status( 'completed' );
		Process::jobs();
		$this->assertSame( 'retrying', self::order( $order->get_id() )->get_meta( '_elmed_dispense' ) );
		Elmed::say( 'start' );
		self::jobs();

		$this->assertSame( array( 21.0 ), $this->dispensed( $made ) );
		$this->assertSame( 'done', self::order( $order->get_id() )->get_meta( '_elmed_dispense' ) );
	}

	public function test_a_lost_answer_is_asked_for_again_under_the_same_key(): void {
		list( $order, $made ) = $this->paid();
		Elmed::say( 'weather', array( 'lose_answers' => 1, 'only' => '/dispense' ) );
		$calls = Elmed::calls(
			function () use ( $order ) {
				$this->complete( $order );
				self::jobs();
			}
		);
		$keys = array_values( array_filter( array_map( static fn ( $call ) => false !== strpos( $call['path'], '/dispense' ) ? $call['idempotency_key'] : '', $calls ) ) );

		$this->assertSame( array( 21.0 ), $this->dispensed( $made ) );
		$this->assertGreaterThan( 1, count( $keys ) );
		$this->assertCount( 1, array_unique( $keys ) );
		$this->assertSame( 'done', self::order( $order->get_id() )->get_meta( '_elmed_dispense' ) );
	}

	public function test_refused_first_and_then_allowed_it_is_done(): void {
		list( $order, $made ) = $this->paid();
		$here = array( 'id' => $made['id'], 'pharmacy' => self::$pharmacy['pharmacy_id'] );
		Elmed::say( 'act', array( 'act' => 'hold', 'reason' => 'To be clarified' ) + $here );
		$order->update_status( 'completed' );
		Process::jobs();
		$this->assertSame( array(), $this->dispensed( $made ) );
		$this->assertSame( 'waiting', self::order( $order->get_id() )->get_meta( '_elmed_dispense' ) );

		Elmed::say( 'act', array( 'act' => 'resume' ) + $here );
		self::jobs();
		$this->assertSame( array( 21.0 ), $this->dispensed( $made ) );
	}

	public function test_rejected_meanwhile_it_stops_with_an_alert_and_nothing_is_dispensed(): void {
		list( $order, $made ) = $this->paid();
		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => 'reject', 'reason' => 'Interaction', 'pharmacy' => self::$pharmacy['pharmacy_id'] ) );
		$this->complete( $order );

		$this->assertSame( array(), $this->dispensed( $made ) );
		$this->assertContains( self::order( $order->get_id() )->get_meta( '_elmed_dispense' ), array( 'refused', 'attention' ) );
		$this->assertSame( 'yes', self::order( $order->get_id() )->get_meta( '_elmed_alert' ) );
	}

	public function test_called_off_the_quantity_is_free_for_the_next(): void {
		list( $order, $made ) = $this->paid();
		$order->update_status( 'cancelled' );
		self::jobs();

		$this->assertSame( array(), self::held( $made ) );
		$this->assertTrue( self::buy( 'blocks', self::inShop( 'AMX' ), $made )['placed'] );
	}

	public function test_in_the_trash_it_keeps_nothing(): void {
		list( $order, $made ) = $this->paid();
		$order->delete( false );
		self::jobs();

		$this->assertSame( array(), self::held( $made ) );
	}

	public function test_a_pack_refunded_before_it_left_is_not_dispensed(): void {
		list( $order, $made ) = $this->paid( 2, array( 'lines' => array( array( 'quantity' => 42 ) ) ) );
		$this->refund( $order, 1 );
		$this->complete( $order );

		$this->assertSame( array( 21.0 ), $this->dispensed( $made ) );
		$this->assertSame( array(), self::held( $made ), 'the rest is free again' );
	}

	public function test_refunded_after_it_left_nothing_is_reversed_until_a_person_answers(): void {
		list( $order, $made ) = $this->paid();
		$this->complete( $order );
		$refund = $this->refund( $order, 1 );
		self::jobs();
		$this->assertFalse( Elmed::say( 'status', array( 'id' => $made['id'] ) )['dispenses'][0]['reversed'] );

		$open = \Elmed\WooCommerce\Orders\Refunds::open( self::order( $order->get_id() ) );
		$this->assertCount( 1, $open );
		\Elmed\WooCommerce\Orders\Refunds::settle( self::order( $order->get_id() ), (int) key( $open ), 'never_left_pharmacy' );
		$this->assertTrue( Elmed::say( 'status', array( 'id' => $made['id'] ) )['dispenses'][0]['reversed'] );
		$this->assertSame( 'verified', Elmed::say( 'status', array( 'id' => $made['id'] ) )['status'] );
	}

	public function test_what_needs_no_prescription_is_told_as_a_sale_once(): void {
		$made    = self::prescription();
		$shopper = ( new Shopper() )->add( self::inShop( 'AMX' )->get_id() )->add( self::inShop( 'CREAM' )->get_id(), 2 );
		$answer  = $shopper->placeByBlocks( $made );
		$this->assertSame( 200, $answer['status'], $answer['body'] );
		self::jobs();
		$order = self::order( $answer['data']['order_id'] );
		$this->complete( $order );
		do_action( 'woocommerce_order_status_completed', $order->get_id(), $order );
		self::jobs();

		$this->assertEquals( array( array( 'sku' => 'CREAM', 'quantity' => '2' ) ), Elmed::say( 'sales', array( 'external_reference' => (string) $order->get_order_number() ) ) );
		$this->assertSame( array( 21.0 ), $this->dispensed( $made ) );
	}

	public function test_made_and_paid_by_a_program_it_waits_and_completed_by_one_it_alarms(): void {
		wp_set_current_user( 1 );
		$request = new \WP_REST_Request( 'POST', '/wc/v3/orders' );
		$request->set_body_params( array( 'set_paid' => true, 'payment_method' => 'bacs', 'line_items' => array( array( 'product_id' => self::inShop( 'AMX' )->get_id(), 'quantity' => 1 ) ) ) );
		$made = rest_do_request( $request )->get_data();
		$this->assertSame( 'on-hold', $made['status'] );

		$change = new \WP_REST_Request( 'PUT', '/wc/v3/orders/' . $made['id'] );
		$change->set_body_params( array( 'status' => 'completed' ) );
		rest_do_request( $change );
		$calls = Elmed::calls( static fn () => self::jobs() );
		$order = self::order( $made['id'] );

		$this->assertSame( array(), array_filter( array_column( $calls, 'path' ), static fn ( $path ) => false !== strpos( $path, '/dispense' ) ) );
		$this->assertSame( array( 'attention', 'yes' ), array( $order->get_meta( '_elmed_dispense' ), $order->get_meta( '_elmed_alert' ) ) );
	}

	public function test_a_copy_of_an_order_carries_no_verification(): void {
		list( $order ) = $this->paid();
		$copy = wc_create_order();
		foreach ( $order->get_items() as $item ) {
			$copy->add_product( $item->get_product(), $item->get_quantity() );
		}
		foreach ( $order->get_meta_data() as $meta ) {
			$copy->update_meta_data( $meta->key, $meta->value );
		}
		$copy->save();
		$copy->payment_complete();

		$this->assertSame( 'on-hold', self::order( $copy->get_id() )->get_status() );
	}

	public function test_many_completed_at_once_are_many_jobs_and_each_is_dispensed_once(): void {
		$orders = array();
		$all    = array();
		for ( $number = 0; $number < 12; $number++ ) {
			list( $orders[], $all[] ) = $this->paid();
		}
		$calls = Elmed::calls(
			static function () use ( $orders ) {
				foreach ( $orders as $order ) {
					$order->update_status( 'completed' );
				}
			}
		);
		$this->assertSame( array(), $calls, 'completing calls nobody' );
		delete_option( 'elmed_budget' ); // placing them used it up
		self::jobs();

		foreach ( $all as $made ) {
			$this->assertSame( array( 21.0 ), $this->dispensed( $made ) );
		}
	}

	/** A paid order of the block checkout with its prescription: array( order, prescription ). */
	private function paid( int $packs = 1, array $given = array() ): array {
		$made   = self::prescription( $given );
		$bought = self::buy( 'blocks', self::inShop( 'AMX' ), $made, $packs );
		self::assertTrue( $bought['placed'], $bought['words'] );
		self::jobs();
		$order = self::order( $bought['order']->get_id() );
		self::assertSame( 'processing', $order->get_status() );
		return array( $order, $made );
	}

	private function complete( \WC_Order $order ): void {
		self::order( $order->get_id() )->update_status( 'completed' );
		self::jobs();
	}

	private function refund( \WC_Order $order, int $packs ): \WC_Order_Refund {
		$items = self::order( $order->get_id() )->get_items();
		$item  = reset( $items );
		$made  = wc_create_refund( array( 'order_id' => $order->get_id(), 'amount' => $packs * 8.40, 'line_items' => array( $item->get_id() => array( 'qty' => $packs, 'refund_total' => $packs * 8.40 ) ) ) );
		self::assertInstanceOf( \WC_Order_Refund::class, $made );
		return $made;
	}

	/** What ELMED has as dispensed of it: one number a dispense, in units. */
	private function dispensed( array $made ): array {
		return array_map( static fn ( $one ) => (float) array_sum( $one['lines'] ), Elmed::say( 'status', array( 'id' => $made['id'] ) )['dispenses'] );
	}

	/** ELMED's stock of it, in packs. */
	private function stock( string $sku ): float {
		$id = (int) self::inShop( $sku )->get_meta( '_elmed_product_id' );
		return (float) Elmed::say( 'product_now', array( 'id' => $id ) )['stock'];
	}
}
