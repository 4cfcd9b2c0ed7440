<?php
/**
 * Refunds and cancellations: before the report they lessen or drop it, after it a person is asked; nothing is reversed by itself.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Orders\Alerts;
use Elmed\WooCommerce\Orders\Jobs;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\Panel;
use Elmed\WooCommerce\Orders\Refunds;
use Elmed\WooCommerce\Orders\Report;

require_once __DIR__ . '/OrdersCase.php';

final class OrdersRefundTest extends OrdersCase {

	public function test_a_partial_refund_before_completion_lessens_the_dispense(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->sold( $made, 3 );
		$this->refund( $order, 1 );
		$order = $this->dispense( $this->complete( $this->again( $order ) ) );

		$this->assertSame( Report::DONE, Report::ofDispense()->state( $order ) );
		$there = $this->supplied( $made );
		$this->assertSame( 14.0, (float) array_sum( $there[0]['lines'] ) );
		$this->assertSame( 'partially_dispensed', Elmed::say( 'status', array( 'id' => $made['id'] ) )['status'] );
		$this->assertSame( '48', $this->stock() );
		$this->assertSame( array(), Refunds::open( $order ) );
	}

	public function test_all_of_it_refunded_before_completion_is_no_dispense_and_frees_the_reservation(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->sold( $made, 1, array( array( $this->cream, 1 ) ) );
		$this->refund( $order, 1 );
		$reservation = OrderState::reservationId( $order );
		$order = $this->dispense( $this->complete( $this->again( $order ) ) );
		$this->work( Jobs::FREE, array( $reservation, $order->get_id(), 0 ) );

		$this->assertSame( array(), $this->supplied( $made ) );
		$this->assertSame( Report::DROPPED, Report::ofDispense()->state( $order ) );
		$this->assertSame( array( 'released' ), array_column( $this->reservations( $made ), 'freed' ) );
	}

	/** @dataProvider answers */
	public function test_a_refund_after_the_dispense_reverses_nothing_until_a_person_says_where_the_parcel_is( string $answer, string $stock, bool $reversed ): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->dispense( $this->complete( $this->sold( $made, 3 ) ) );
		$calls = Elmed::calls( fn() => $this->refund( $order, 3 ) );
		$order = $this->again( $order );

		$this->assertSame( array(), $calls );
		$this->assertFalse( $this->supplied( $made )[0]['reversed'] );
		$this->assertCount( 1, Refunds::open( $order ), 'one question' );
		$this->assertStringContainsString( 'did the parcel come back', Alerts::reason( $order ) );
		$this->assertStringContainsString( 'never left the pharmacy', $this->printed( fn() => ( new Panel() )->show( $order ) ) );

		$said = $this->press( $order, 'refund', array( 'refund_' . array_key_first( Refunds::open( $order ) ) => $answer ) );

		$this->assertSame( 'The answer is saved.', $said );
		$order = $this->again( $order );
		$this->assertSame( array(), Refunds::open( $order ) );
		$this->assertSame( '', Alerts::reason( $order ) );
		$this->assertSame( $reversed, $this->supplied( $made )[0]['reversed'] );
		$this->assertSame( $stock, $this->stock() );
	}

	public static function answers(): array {
		return array(
			'never left'     => array( 'never_left_pharmacy', '50', true ),
			'came back'      => array( 'returned_unopened', '47', true ),
			'unusable'       => array( 'returned_unusable', '47', true ),
			'did not come'   => array( 'stays', '47', false ),
		);
	}

	public function test_a_partial_refund_after_the_dispense_reverses_just_that(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->dispense( $this->complete( $this->sold( $made, 3 ) ) );
		$this->refund( $order, 1 );
		$order = $this->again( $order );

		$this->press( $order, 'refund', array( 'refund_' . array_key_first( Refunds::open( $order ) ) => 'never_left_pharmacy' ) );

		$this->assertSame( 'partially_dispensed', Elmed::say( 'status', array( 'id' => $made['id'] ) )['status'] );
		$this->assertSame( '48', $this->stock() );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $this->again( $order ) ) );
	}

	public function test_with_elmed_down_the_question_stays_open(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->dispense( $this->complete( $this->sold( $made, 3 ) ) );
		$this->refund( $order, 3 );
		$order = $this->again( $order );
		Elmed::say( 'stop' );
		$said = $this->press( $order, 'refund', array( 'refund_' . array_key_first( Refunds::open( $order ) ) => 'never_left_pharmacy' ) );
		Elmed::say( 'start' );

		$this->assertStringContainsString( 'stays open', $said );
		$this->assertCount( 1, Refunds::open( $this->again( $order ) ) );
		$this->assertFalse( $this->supplied( $made )[0]['reversed'] );
	}

	public function test_refunded_between_completion_and_report_asks_before_it_reports(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->complete( $this->sold( $made, 3 ) );
		sleep( 1 ); // Refunds bear whole seconds.
		$this->refund( $order, 3 );
		do_action( Jobs::DISPENSE, $order->get_id() );
		$order = $this->again( $order );

		$this->assertSame( 'refunded', $order->get_status() );
		$this->assertSame( array(), $this->supplied( $made ) );
		$this->assertSame( Report::ATTENTION, Report::ofDispense()->state( $order ) );

		$this->press( $order, 'left', array() );
		$order = $this->again( $order );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $order ) );
		$this->assertSame( 'refunded', $order->get_status(), 'the refund stands' );
		$this->assertSame( 21.0, (float) array_sum( $this->supplied( $made )[0]['lines'] ) );
	}

	public function test_or_frees_the_reservation_when_the_parcel_never_left(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->complete( $this->sold( $made, 3 ) );
		sleep( 1 );
		$this->refund( $order, 3 );
		$order       = $this->again( $order );
		$reservation = OrderState::reservationId( $order );
		$this->press( $order, 'stayed', array() );
		$this->work( Jobs::FREE, array( $reservation, $order->get_id(), 0 ) );

		$this->assertSame( array(), $this->supplied( $made ) );
		$this->assertSame( array( 'released' ), array_column( $this->reservations( $made ), 'freed' ) );
	}

	/** @dataProvider ways_off */
	public function test_an_order_that_is_off_gives_its_reservation_back_in_the_background( string $how ): void {
		$made        = Elmed::say( 'prescription' );
		$order       = $this->sold( $made );
		$reservation = OrderState::reservationId( $order );
		$id          = $order->get_id();
		$calls       = Elmed::calls(
			static function () use ( $order, $how ) {
				'trash' === $how ? $order->delete() : ( 'delete' === $how ? $order->delete( true ) : $order->update_status( $how ) );
			}
		);

		$this->assertSame( array(), $calls );
		$this->assertSame( array( '' ), array_map( 'strval', array_column( $this->reservations( $made ), 'freed' ) ) );
		$this->assertGreaterThanOrEqual( 1, $this->work( Jobs::FREE, array( $reservation, $id, 0 ) ) );
		$this->assertSame( array( 'released' ), array_column( $this->reservations( $made ), 'freed' ) );
	}

	public static function ways_off(): array {
		return array( array( 'cancelled' ), array( 'failed' ), array( 'refunded' ), array( 'trash' ), array( 'delete' ) );
	}

	public function test_an_order_called_back_before_the_job_keeps_its_reservation(): void {
		$made        = Elmed::say( 'prescription' );
		$order       = $this->sold( $made );
		$reservation = OrderState::reservationId( $order );
		$order->update_status( 'cancelled' );
		$order->update_status( 'processing' );
		$this->work( Jobs::FREE, array( $reservation, $order->get_id(), 0 ) );

		$this->assertSame( array( '' ), array_map( 'strval', array_column( $this->reservations( $made ), 'freed' ) ) );
		$this->assertSame( 'processing', $this->again( $order )->get_status() );
	}

	public function test_an_order_called_back_after_the_job_is_held_until_it_is_checked_again(): void {
		$made        = Elmed::say( 'prescription' );
		$order       = $this->sold( $made );
		$reservation = OrderState::reservationId( $order );
		$order->update_status( 'cancelled' );
		$this->work( Jobs::FREE, array( $reservation, $order->get_id(), 0 ) );
		$order = $this->again( $order );
		$order->update_status( 'processing' );

		$this->assertSame( 'on-hold', $this->again( $order )->get_status() );
	}

	public function test_cancelled_after_the_dispense_asks_and_reverses_nothing(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->dispense( $this->complete( $this->sold( $made ) ) );
		$order->update_status( 'cancelled' );
		$order = $this->again( $order );

		$this->assertCount( 1, Refunds::open( $order ) );
		$this->assertFalse( $this->supplied( $made )[0]['reversed'] );
		$this->press( $order, 'refund', array( 'refund_0' => 'never_left_pharmacy' ) );
		$this->assertTrue( $this->supplied( $made )[0]['reversed'] );
		$this->assertSame( Report::REVERSED, Report::ofDispense()->state( $this->again( $order ) ) );
	}

	public function test_cancelled_between_completion_and_report_asks_a_person(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->complete( $this->sold( $made ) );
		$order->update_status( 'cancelled' );
		do_action( Jobs::DISPENSE, $order->get_id() );
		$order = $this->again( $order );

		$this->assertSame( array(), $this->supplied( $made ) );
		$this->assertStringContainsString( 'did the parcel leave', Alerts::reason( $order ) );
		$this->assertSame( array( '' ), array_map( 'strval', array_column( $this->reservations( $made ), 'freed' ) ) );
		$this->press( $order, 'left', array() );
		$this->assertCount( 1, $this->supplied( $made ) );
		$this->assertSame( 'cancelled', $this->again( $order )->get_status() );
	}

	public function test_nobody_reports_a_parcel_that_was_not_asked_about(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->sold( $made );
		$this->press( $order, 'left', array() );
		$this->press( $order, 'stayed', array() );

		$this->assertSame( array(), $this->supplied( $made ) );
		$this->assertSame( array( '' ), array_map( 'strval', array_column( $this->reservations( $made ), 'freed' ) ) );
	}

	public function test_a_completed_order_in_the_trash_is_reported_all_the_same(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->complete( $this->sold( $made ) );
		$id    = $order->get_id();
		$order->delete();
		$this->work( Jobs::DISPENSE, array( $id ) );

		$this->assertCount( 1, $this->supplied( $made ) );
	}

	private function refund( \WC_Order $order, int $packs ): void {
		foreach ( $order->get_items() as $id => $item ) {
			if ( $item->get_product_id() === $this->medicine->get_id() ) {
				$lines = array( $id => array( 'qty' => $packs, 'refund_total' => 10 * $packs ) );
				$made  = wc_create_refund( array( 'order_id' => $order->get_id(), 'amount' => 10 * $packs, 'line_items' => $lines ) );
				$this->assertNotWPError( $made );
			}
		}
	}

	private function assertNotWPError( $made ): void {
		$this->assertFalse( is_wp_error( $made ), is_wp_error( $made ) ? $made->get_error_message() : '' );
	}

	private function stock(): string {
		return Elmed::say( 'product_now', array( 'id' => (int) $this->medicine->get_meta( '_elmed_product_id' ) ) )['stock'];
	}
}
