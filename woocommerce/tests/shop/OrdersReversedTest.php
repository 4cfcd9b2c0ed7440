<?php
/**
 * An order whose dispense was taken back is as if it had never been checked; one that grew after its report is not overlooked.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Orders\Alerts;
use Elmed\WooCommerce\Orders\Jobs;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\Panel;
use Elmed\WooCommerce\Orders\Refunds;
use Elmed\WooCommerce\Orders\Report;
use Elmed\WooCommerce\Orders\Words;

require_once __DIR__ . '/OrdersCase.php';

final class OrdersReversedTest extends OrdersCase {

	public function test_an_order_whose_dispense_was_taken_back_is_not_released_when_it_is_opened_again(): void {
		$order = $this->takenBack( Elmed::say( 'prescription' ) );
		$order->update_status( 'processing' );
		$order = $this->again( $order );

		$this->assertSame( array( 'on-hold', 'Do not send: its dispense was taken back' ), array( $order->get_status(), Words::release( $order ) ) );
		$this->assertTrue( OrderState::mustWait( $order ) );
		$this->assertNull( OrderState::reservationId( $order ) );
	}

	public function test_completed_again_without_a_check_it_alerts_and_reports_nothing(): void {
		$made   = Elmed::say( 'prescription' );
		$order  = $this->takenBack( $made );
		$second = $this->sold( $made );
		$this->assertSame( 'processing', $second->get_status(), 'another order has the quantity now' );
		$order = $this->complete( $order );
		$calls = Elmed::calls( fn() => $this->work( Jobs::DISPENSE, array( $order->get_id() ) ) );

		$this->assertSame( array(), $calls );
		$this->assertSame( Report::ATTENTION, Report::ofDispense()->state( $order ) );
		$this->assertSame( 'completed without a checked prescription', Alerts::reason( $order ) );
		$this->assertCount( 1, $this->supplied( $made ) );
	}

	public function test_it_can_be_checked_anew_and_is_then_reported_anew(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->takenBack( $made );
		$order->update_status( 'processing' );
		$order = $this->again( $order );
		$this->inAdmin();
		$this->assertStringContainsString( 'Check a prescription for this order', $this->printed( fn() => ( new Panel() )->show( $order ) ) );
		$this->press( $order, 'check', array( 'elmed_prescription' => $made['reference'], 'elmed_date_of_birth' => $made['date_of_birth'] ) );
		$order = $this->again( $order );
		$this->assertSame( array( 'processing', OrderState::RELEASED, '' ), array( $order->get_status(), OrderState::release( $order ), Report::ofDispense()->state( $order ) ) );

		$order = $this->dispense( $this->complete( $order ) );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $order ) );
		$this->assertSame( array( true, false ), array_column( $this->supplied( $made ), 'reversed' ) );
		$order->update_status( 'cancelled' );
		$this->assertCount( 1, Refunds::open( $this->again( $order ) ), 'asked about the second parcel too' );
	}

	public function test_more_packs_than_were_reported_alert_when_it_is_completed_again(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->dispense( $this->complete( $this->sold( $made, 1 ) ) );
		$order->update_status( 'processing' );
		foreach ( $order->get_items() as $item ) {
			$item->set_quantity( 3 );
			$item->save();
		}
		$order = $this->complete( $this->again( $order ) );

		$this->assertSame( 'it has more packs than were checked and reported', Alerts::reason( $order ) );
		$this->assertSame( 'yes', $order->get_meta( OrderState::ALERT ) );
		$this->assertSame( array( Report::DONE, 1 ), array( Report::ofDispense()->state( $order ), count( $this->supplied( $made ) ) ) );
	}

	public function test_one_that_is_completed_twice_as_it_was_alerts_nobody(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->dispense( $this->complete( $this->sold( $made ) ) );
		$order->update_status( 'processing' );
		$order = $this->dispense( $this->complete( $this->again( $order ) ) );

		$this->assertSame( array( '', Report::DONE, 1 ), array( Alerts::reason( $order ), Report::ofDispense()->state( $order ), count( $this->supplied( $made ) ) ) );
	}

	private function takenBack( array $made ): \WC_Order {
		$order = $this->dispense( $this->complete( $this->sold( $made ) ) );
		$order->update_status( 'cancelled' );
		$order = $this->again( $order );
		$this->assertNull( Refunds::settle( $order, 0, 'never_left_pharmacy' ) );
		return $this->again( $order );
	}
}
