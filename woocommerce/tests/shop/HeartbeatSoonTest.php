<?php
/**
 * The pharmacy's portal hears soon that an order began or stopped to wait: in the background, at most once a minute.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Health\Heartbeat;

require_once __DIR__ . '/OrdersCase.php';

final class HeartbeatSoonTest extends OrdersCase {

	public function test_an_order_that_begins_and_stops_to_wait_is_told_in_the_background(): void {
		$pharmacy = Elmed::say( 'pharmacy' );
		$told     = static fn() => Elmed::say( 'shop_state', array( 'pharmacy' => $pharmacy['pharmacy_id'] ) )['orders_waiting'];
		$calls    = Elmed::calls( fn() => $this->sold( Elmed::say( 'prescription', array( 'state' => 'pending_review' ) ) ) );
		$this->assertSame( array(), preg_grep( '/integrations/', array_column( $calls, 'path' ) ) );
		$this->assertSame( 1, $this->planned() );
		$order = $this->sold( Elmed::say( 'prescription', array( 'state' => 'pending_review' ) ) );
		$this->assertSame( 1, $this->planned(), 'two orders in a minute are one call' );

		update_option( 'elmed_api_key', $pharmacy['key'], false );
		$this->work( Heartbeat::SOON, array() );
		$this->assertSame( 2, $told() );
		update_option( 'elmed_api_key', Elmed::fact( 'key' ), false );
		$this->complete( $order );
		$this->assertSame( 1, $this->planned() );
		update_option( 'elmed_api_key', $pharmacy['key'], false );
		$this->work( Heartbeat::SOON, array() );
		$this->assertSame( 1, $told() );
	}

	public function test_an_order_without_a_prescription_plans_nothing(): void {
		$this->complete( $this->order( array( array( $this->cream, 1 ) ) ) );
		$this->assertSame( 0, $this->planned() );
	}

	private function planned(): int {
		$found = as_get_scheduled_actions( array( 'hook' => Heartbeat::SOON, 'status' => 'pending', 'per_page' => -1 ) );
		foreach ( $found as $job ) {
			$this->assertGreaterThan( 50, $job->get_schedule()->get_date()->getTimestamp() - time() );
		}
		return count( $found );
	}
}
