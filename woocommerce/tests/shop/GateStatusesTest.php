<?php
/**
 * Statuses that other plugins add: an order on prescription gets into none of them unchecked, and is looked after in each.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Gate\Statuses;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\Waiting;

require_once __DIR__ . '/OrdersCase.php';

final class GateStatusesTest extends OrdersCase {

	protected function setUp(): void {
		parent::setUp();
		foreach ( array( 'ready-to-ship', 'awaiting-call' ) as $status ) {
			register_post_status( 'wc-' . $status, array( 'label' => $status ) );
			add_filter( 'wc_order_statuses', static fn( $all ) => $all + array( 'wc-' . $status => $status ) );
		}
	}

	protected function tearDown(): void {
		$GLOBALS['wp_rest_server'] = null;
		unset( $GLOBALS['wp_post_statuses']['wc-ready-to-ship'], $GLOBALS['wp_post_statuses']['wc-awaiting-call'] );
		parent::tearDown();
	}

	/** @dataProvider beginnings */
	public function test_an_unchecked_order_does_not_get_into_a_status_that_may_ship( string $from ): void {
		$order = $this->order( array( array( $this->medicine, 1 ) ), $from );
		$order->update_status( 'ready-to-ship' );
		$order = $this->again( $order );
		$this->assertSame( array( 'on-hold', '' ), array( $order->get_status(), OrderState::word( $order, OrderState::STATUS_AFTER ) ) );
		$this->assertStringContainsString( 'held, because the prescription has not been checked', $this->notes( $order ) );
	}

	public static function beginnings(): array {
		return array( array( 'pending' ), array( 'on-hold' ), array( 'failed' ), array( 'cancelled' ) );
	}

	public function test_nor_is_it_made_in_one(): void {
		$this->assertSame( 'on-hold', $this->again( $this->order( array( array( $this->medicine, 1 ) ), 'ready-to-ship' ) )->get_status() );
		$this->assertSame( 'ready-to-ship', $this->again( $this->order( array( array( $this->cream, 1 ) ), 'ready-to-ship' ) )->get_status() );
	}

	public function test_over_rest_neither(): void {
		$order = $this->order( array( array( $this->medicine, 1 ) ) );
		$this->become( 'administrator' );
		$GLOBALS['wp_rest_server'] = null; // One that an earlier test made does not know this test's statuses.
		$request = new \WP_REST_Request( 'PUT', '/wc/v3/orders/' . $order->get_id() );
		$request->set_body_params( array( 'status' => 'ready-to-ship' ) );
		$answer = rest_do_request( $request );
		$this->assertSame( array( 200, 'on-hold' ), array( $answer->get_status(), $answer->get_data()['status'] ) );
	}

	public function test_a_released_order_goes_where_it_is_sent_and_is_still_asked_about_there(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->sold( $made );
		$order->update_status( 'ready-to-ship' );
		$this->assertSame( 'ready-to-ship', $this->again( $order )->get_status() );
		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => 'hold', 'reason' => 'A question' ) );
		OrderState::changeRecord( $this->again( $order ), array( 'asked_at' => 1 ) );
		( new Waiting() )->run();

		$order = $this->again( $order );
		$this->assertSame( array( 'on-hold', OrderState::HELD, 'yes' ), array( $order->get_status(), OrderState::release( $order ), $order->get_meta( OrderState::ALERT ) ) );
	}

	public function test_what_is_harmless_stays_as_it_is(): void {
		foreach ( array( 'pending', 'on-hold', 'failed', 'cancelled', 'refunded', 'checkout-draft', 'completed' ) as $status ) {
			$order = $this->order( array( array( $this->medicine, 1 ) ), 'pending' );
			$order->set_status( $status );
			$order->save();
			$this->assertSame( $status, $this->again( $order )->get_status() );
		}
	}

	public function test_a_shop_can_name_a_harmless_status_and_never_a_paid_one(): void {
		add_filter( 'elmed_statuses_that_ship_nothing', static fn( $all ) => array_merge( $all, array( 'wc-awaiting-call', 'processing', 7 ) ) );
		$order = $this->order( array( array( $this->medicine, 1 ) ) );
		$order->update_status( 'awaiting-call' );
		$this->assertSame( 'awaiting-call', $this->again( $order )->get_status() );
		$order->update_status( 'processing' );
		$this->assertSame( 'on-hold', $this->again( $order )->get_status() );
		$this->assertSame( array( 'processing', 'ready-to-ship' ), Statuses::thatMayShip() );
	}

	public function test_a_filter_that_gives_nothing_opens_nothing(): void {
		add_filter( 'elmed_statuses_that_ship_nothing', '__return_null' );
		$order = $this->order( array( array( $this->medicine, 1 ) ), 'on-hold' );
		$order->update_status( 'awaiting-call' );
		$this->assertSame( array( 'on-hold', false ), array( $this->again( $order )->get_status(), Statuses::mayShip( 'on-hold' ) ) );
	}
}
