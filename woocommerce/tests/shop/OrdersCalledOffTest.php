<?php
/**
 * Orders that are called off after they were completed: what ELMED recorded is found out, and no alert goes by itself.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Orders\Alerts;
use Elmed\WooCommerce\Orders\Jobs;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\Refunds;
use Elmed\WooCommerce\Orders\Report;

require_once __DIR__ . '/OrdersCase.php';

final class OrdersCalledOffTest extends OrdersCase {

	public function test_a_dispense_whose_answer_was_lost_is_found_when_its_parcel_never_left(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->complete( $this->sold( $made ) );
		Elmed::say( 'weather', array( 'lose_answers' => 1, 'only' => '/dispense' ) );
		$order = $this->dispense( $order );
		$this->assertCount( 1, $this->supplied( $made ) );
		$order->update_status( 'cancelled' );
		$order = $this->again( $order );
		$this->press( $order, 'stayed', array() );
		$this->work( Jobs::FREE, array( (int) OrderState::reservationId( $order ), $order->get_id(), 0 ) );
		$order = $this->dispense( $order );

		$this->assertSame( Report::DONE, Report::ofDispense()->state( $order ) );
		$this->assertSame( 'refunded after the dispense: did the parcel come back?', Alerts::reason( $order ) );
		$this->assertFalse( $this->supplied( $made )[0]['reversed'] );

		$this->assertNull( Refunds::settle( $order, 0, 'never_left_pharmacy' ) );
		$this->assertTrue( $this->supplied( $made )[0]['reversed'] );
		$this->assertSame( '', Alerts::reason( $this->again( $order ) ) );
	}

	public function test_an_unchecked_order_that_was_completed_is_asked_about_when_it_is_cancelled(): void {
		$order = $this->complete( $this->order( array( array( $this->medicine, 3 ) ) ) );
		$this->assertSame( 'completed without a checked prescription', Alerts::reason( $order ) );
		$order->update_status( 'cancelled' );
		$order = $this->again( $order );

		$this->assertSame( Report::ATTENTION, Report::ofDispense()->state( $order ) );
		$this->assertSame( 'called off before it was reported: did the parcel leave?', Alerts::reason( $order ) );
		$this->assertSame( 'yes', $order->get_meta( OrderState::ALERT ) );

		$this->assertSame( 'The answer is saved.', $this->press( $order, 'stayed', array() ) );
		$order = $this->again( $order );
		$this->assertSame( array( Report::DROPPED, '' ), array( Report::ofDispense()->state( $order ), Alerts::reason( $order ) ) );
	}

	public function test_where_its_parcel_left_the_alert_stays(): void {
		$order = $this->complete( $this->order( array( array( $this->medicine, 3 ) ) ) );
		$order->update_status( 'cancelled' );
		$order = $this->again( $order );
		$this->press( $order, 'left', array() );

		$this->assertSame( 'completed without a checked prescription', Alerts::reason( $this->again( $order ) ) );
	}
}
