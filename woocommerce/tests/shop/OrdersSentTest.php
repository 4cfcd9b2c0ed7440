<?php
/**
 * What is said of an order that is pending, held back, sent too early, or sent: on the list, in its box, on the slip.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Orders\History;
use Elmed\WooCommerce\Orders\ListColumn;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\PackingSlip;
use Elmed\WooCommerce\Orders\Panel;
use Elmed\WooCommerce\Orders\Refunds;
use Elmed\WooCommerce\Orders\Report;
use Elmed\WooCommerce\Orders\Said;
use Elmed\WooCommerce\Orders\Tally;
use Elmed\WooCommerce\Orders\Waiting;
use Elmed\WooCommerce\Orders\Words;

require_once __DIR__ . '/OrdersCase.php';

final class OrdersSentTest extends OrdersCase {

	public function test_completed_while_it_waited_it_does_not_stay_pending_after_the_report(): void {
		$made  = Elmed::say( 'prescription', array( 'state' => 'pending_review' ) );
		$order = $this->sold( $made );
		$this->assertSame( 1, Tally::waiting() );
		$order = $this->dispense( $this->complete( $order ) );
		$this->assertSame( 0, Tally::waiting(), 'a completed order waits for nobody' );
		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => 'verify' ) );
		$this->assertSame( 'Reported.', $this->press( $order, 'again', array() ) );

		$order = $this->again( $order );
		$this->assertSame( array( 'Sent: reported to ELMED', OrderState::RELEASED ), array( Words::release( $order ), OrderState::release( $order ) ) );
		$this->assertStringNotContainsString( 'Check pending', $this->shown( $order ) . $this->slip( $order ) );
		$this->assertCount( 1, array_keys( $this->history( $order ), 'Completed without a check', true ) );
		$this->assertSame( '', $order->get_meta( OrderState::ALERT ) );
	}

	public function test_one_that_was_sent_is_not_said_to_be_sent_once_more(): void {
		$order = $this->dispense( $this->complete( $this->sold( Elmed::say( 'prescription' ) ) ) );

		$this->assertSame( 'Sent: reported to ELMED', Words::release( $order ) );
		$shown = $this->shown( $order );
		$this->assertStringNotContainsString( 'may be sent', $shown . $this->slip( $order ) );
		$this->assertStringNotContainsString( 'elmed-release-released', $shown );
		$this->assertStringContainsString( $this->medicine_sku . ': 3 packs – reported: 21 ', $shown );
		$this->assertStringContainsString( '"release no">Sent', $this->slip( $order ) );
	}

	public function test_the_slip_of_one_that_nobody_checked_says_do_not_send(): void {
		$waiting = $this->sold( Elmed::say( 'prescription', array( 'state' => 'pending_review' ) ) );
		$never   = $this->order( array( array( $this->medicine, 1 ) ), 'on-hold' );
		foreach ( array( $waiting, $never ) as $order ) {
			$this->assertStringContainsString( '"release no">Check pending. Do not send', $this->slip( $order ) );
			$this->assertStringContainsString( 'Do not send', $this->printed( fn() => ( new PackingSlip() )->onPdf( 'packing-slip', $order ) ) );
		}
	}

	public function test_the_slip_leaves_out_what_was_refunded(): void {
		$order = $this->sold( Elmed::say( 'prescription' ), 3, array( array( $this->cream, 1 ) ) );
		$this->assertStringContainsString( $this->cream->get_sku(), $this->slip( $order ) );
		foreach ( $order->get_items() as $item ) {
			if ( $item->get_product_id() === $this->cream->get_id() ) {
				wc_create_refund( array( 'order_id' => $order->get_id(), 'amount' => '10', 'line_items' => array( $item->get_id() => array( 'qty' => 1, 'refund_total' => 10 ) ) ) );
			}
		}
		$slip = $this->slip( $this->again( $order ) );
		$this->assertStringNotContainsString( $this->cream->get_sku(), $slip );
		$this->assertStringContainsString( $this->medicine_sku, $slip );
	}

	public function test_the_box_says_what_to_do_about_a_pending_check(): void {
		$made  = Elmed::say( 'prescription', array( 'state' => 'pending_review' ) );
		$shown = $this->shown( $this->sold( $made ) );
		$this->assertStringContainsString( Elmed::fact( 'url' ) . '/pharmacy/prescriptions/' . $made['id'] . '"', $shown );
		$this->assertStringContainsString( 'Verify prescription ' . $made['id'], $shown );

		$never = $this->shown( $this->order( array( array( $this->medicine, 1 ) ), 'on-hold' ) );
		$this->assertStringContainsString( 'No prescription has been checked', $never );
		$this->assertStringNotContainsString( 'Verify prescription', $never );
	}

	public function test_one_that_is_called_off_offers_no_check(): void {
		$order = $this->order( array( array( $this->medicine, 1 ) ), 'on-hold' );
		$this->assertStringContainsString( 'elmed-proof', $this->shown( $order ) );
		$order->update_status( 'cancelled' );
		$this->assertStringNotContainsString( 'elmed-proof', $this->shown( $this->again( $order ) ) );
	}

	public function test_completed_before_the_check_it_is_refused_and_reported_only_when_a_person_says_that_it_leaves_now(): void {
		$made  = Elmed::say( 'prescription', array( 'state' => 'pending_review' ) );
		$order = $this->early( $made );
		$this->assertSame( array( Report::REFUSED, 'handed_over_before_check' ), $this->report( $order ) );
		$this->assertSame( array(), $this->supplied( $made ) );
		$this->assertStringContainsString( 'completed before the pharmacist had checked', $this->notes( $order ) );
		$this->assertStringNotContainsString( 'value="again"', $this->shown( $order ), 'the same moment would be refused again' );
		$this->assertStringContainsString( 'tell the pharmacist', $this->shown( $order ) );

		$this->assertSame( 'Reported.', $this->press( $order, 'leaves', array() ) );
		$order = $this->again( $order );
		$this->assertSame( 'Sent: reported to ELMED', Words::release( $order ) );
		$this->assertCount( 1, $this->supplied( $made ) );
		$this->assertContains( 'Staff say: it leaves the pharmacy now', $this->history( $order ) );
		$this->assertSame( 'Nothing was done.', $this->press( $order, 'leaves', array() ) );
	}

	public function test_one_that_is_not_released_does_not_leave_now(): void {
		$made  = Elmed::say( 'prescription', array( 'state' => 'pending_review' ) );
		$order = $this->early( $made );
		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => 'hold', 'reason' => 'A question' ) );
		$this->assertStringStartsWith( 'Do not send', $this->press( $order, 'leaves', array() ) );
		$this->assertSame( array( Report::REFUSED, 'handed_over_before_check' ), $this->report( $this->again( $order ) ) );
		$this->assertSame( array(), $this->supplied( $made ) );
		$this->assertStringNotContainsString( 'value="leaves"', $this->shown( $this->again( $order ) ) );
	}

	public function test_completed_while_it_was_on_hold_it_is_refused_in_words(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->sold( $made );
		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => 'hold', 'reason' => 'A question' ) );
		$this->assertSame( 'it was completed while the prescription was on hold', Words::reason( 'handed_over_on_hold' ) );
		$order = $this->complete( $order );
		$report = Report::ofDispense();
		$report->end( $order, Report::REFUSED, 'handed_over_on_hold' );
		$this->assertStringNotContainsString( 'value="again"', $this->shown( $order ) );
		$this->assertStringContainsString( 'tell the pharmacist', $this->shown( $order ) );
	}

	public function test_whoever_sets_processing_reads_why_it_is_on_hold(): void {
		$this->inAdmin();
		$order = $this->order( array( array( $this->medicine, 1 ) ), 'on-hold' );
		$other = $this->order( array( array( $this->medicine, 1 ) ), 'on-hold' );
		$order->update_status( 'processing' );
		$other->update_status( 'processing' );

		$this->assertSame( 'on-hold', $this->again( $order )->get_status() );
		$this->assertStringContainsString( 'held, because the prescription has not been checked', $this->notes( $order ) );
		$this->assertStringNotContainsString( 'from On hold to On hold', $this->notes( $order ) );
		$said = $this->printed( fn() => ( new Said() )->show() );
		$this->assertStringContainsString( '#' . $order->get_order_number() . ', #' . $other->get_order_number(), $said );
		$this->assertStringContainsString( 'The prescription has not been checked and released', $said );
	}

	public function test_a_note_about_another_status_keeps_woocommerces_words(): void {
		$order = $this->order( array( array( $this->medicine, 1 ) ) );
		$order->update_status( 'processing' );
		$this->assertStringContainsString( 'from Pending payment to On hold', $this->notes( $order ) );
	}

	public function test_a_dispense_that_was_taken_back_is_told_once_and_in_words(): void {
		$order = $this->dispense( $this->complete( $this->sold( Elmed::say( 'prescription' ) ) ) );
		wc_create_refund( array( 'order_id' => $order->get_id(), 'amount' => $order->get_total(), 'line_items' => $this->whole( $order ) ) );
		$order = $this->again( $order );
		foreach ( array_keys( Refunds::open( $order ) ) as $refund ) {
			$this->assertNull( Refunds::settle( $order, $refund, 'never_left_pharmacy' ) );
		}
		$this->assertSame( 1, count( preg_grep( '/reversed/', $this->history( $this->again( $order ) ) ) ), implode( '; ', $this->history( $this->again( $order ) ) ) );
	}

	public function test_everything_that_can_happen_has_words(): void {
		$order = $this->sold( Elmed::say( 'prescription' ) );
		foreach ( array( 'dispense', 'sale' ) as $name ) {
			foreach ( array( 'retry', 'done', 'refused', 'attention', 'dropped' ) as $state ) {
				History::add( $order, $name . '_' . $state );
			}
		}
		History::add( $order, 'dispense_reversed' );
		foreach ( $this->history( $order ) as $words ) {
			$this->assertStringNotContainsString( '_', $words );
		}
	}

	/** Completed an hour before the pharmacist's check, and reported after it. */
	private function early( array $made ): \WC_Order {
		$order = $this->complete( $this->sold( $made ) );
		$order->set_date_completed( time() - 3600 );
		$order->save();
		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => 'verify' ) );
		( new Waiting() )->ask( $order->get_id() );
		return $this->dispense( $this->again( $order ) );
	}

	private function whole( \WC_Order $order ): array {
		$lines = array();
		foreach ( $order->get_items() as $id => $item ) {
			$lines[ $id ] = array( 'qty' => $item->get_quantity(), 'refund_total' => $item->get_total() );
		}
		return $lines;
	}

	private function report( \WC_Order $order ): array {
		return array( Report::ofDispense()->state( $order ), Report::ofDispense()->job( $order )['reason'] );
	}

	private function history( \WC_Order $order ): array {
		return array_column( History::of( $order ), 1 );
	}

	private function shown( \WC_Order $order ): string {
		$this->become( 'shop_manager' );
		return $this->printed( fn() => ( new Panel() )->show( $order ) ) . $this->printed( fn() => ( new ListColumn() )->show( 'elmed', $order ) );
	}

	private function slip( \WC_Order $order ): string {
		return $this->printed( fn() => PackingSlip::render( $order ) );
	}
}
