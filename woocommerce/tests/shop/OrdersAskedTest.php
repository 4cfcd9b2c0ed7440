<?php
/**
 * Orders that wait are all asked about, one that ELMED cannot tell included; what was supplied otherwise is not sent.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Api\Client;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\Report;
use Elmed\WooCommerce\Orders\Waiting;
use Elmed\WooCommerce\Orders\Words;
use Elmed\WooCommerce\Sync\ProductMeta;

require_once __DIR__ . '/OrdersCase.php';

final class OrdersAskedTest extends OrdersCase {

	public function test_one_that_elmed_does_not_know_lets_the_others_have_their_turn(): void {
		$lost = $this->order( array( array( $this->medicine, 3 ) ) );
		OrderState::letThrough( $lost, $this->ask( $lost, Elmed::say( 'prescription', array( 'state' => 'pending_review' ) ) ) );
		OrderState::changeRecord( $lost, array( 'reservation_id' => 999999999, 'asked_at' => 1 ) );
		$made  = Elmed::say( 'prescription', array( 'state' => 'pending_review' ) );
		$order = $this->sold( $made );
		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => 'verify' ) );
		( new Waiting() )->run();

		$this->assertSame( array( OrderState::HELD, 'gone' ), array( OrderState::release( $this->again( $lost ) ), OrderState::reason( $this->again( $lost ) ) ) );
		$this->assertSame( array( 'processing', OrderState::RELEASED ), array( $this->again( $order )->get_status(), OrderState::release( $this->again( $order ) ) ) );
	}

	public function test_with_elmed_down_the_run_ends_at_once_and_the_one_it_asked_about_is_asked_last(): void {
		$orders = array( $this->sold( Elmed::say( 'prescription', array( 'state' => 'pending_review' ) ) ), $this->sold( Elmed::say( 'prescription', array( 'state' => 'pending_review' ) ) ) );
		foreach ( $orders as $number => $order ) {
			OrderState::changeRecord( $order, array( 'asked_at' => 1 + $number ) );
		}
		Elmed::say( 'stop' );
		( new Waiting() )->run();
		Elmed::say( 'start' );

		$this->assertGreaterThan( 2, OrderState::record( $this->again( $orders[0] ) )['asked_at'] );
		$this->assertSame( 2, OrderState::record( $this->again( $orders[1] ) )['asked_at'], 'not asked about: ELMED is down' );
		$this->assertSame( OrderState::WAITING, OrderState::release( $this->again( $orders[0] ) ) );
	}

	public function test_what_was_supplied_by_another_report_is_not_to_be_sent(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->sold( $made );
		$this->supplyOtherwise( $order );
		$this->assertTrue( ( new Waiting() )->ask( $order->get_id() ) );

		$order = $this->again( $order );
		$this->assertSame( array( 'on-hold', 'Do not send: the reservation was used already', 'yes' ), array( $order->get_status(), Words::release( $order ), $order->get_meta( OrderState::ALERT ) ) );
	}

	public function test_an_orders_own_report_whose_answer_was_lost_does_not_stop_it(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->complete( $this->sold( $made ) );
		Elmed::say( 'weather', array( 'lose_answers' => 1, 'only' => '/dispense' ) );
		$order = $this->dispense( $order );
		( new Waiting() )->ask( $order->get_id() );

		$order = $this->dispense( $order );
		$this->assertSame( array( Report::DONE, OrderState::RELEASED ), array( Report::ofDispense()->state( $order ), OrderState::release( $order ) ) );
		$this->assertCount( 1, $this->supplied( $made ) );
	}

	public function test_an_order_made_as_processing_in_one_step_goes_on_after_the_check(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->again( $this->order( array( array( $this->medicine, 3 ) ), 'processing' ) );
		$this->assertSame( array( 'on-hold', 'processing' ), array( $order->get_status(), OrderState::word( $order, OrderState::STATUS_AFTER ) ) );

		$this->assertSame( 'Released: may be sent.', $this->press( $order, 'check', array( 'elmed_prescription' => $made['reference'], 'elmed_date_of_birth' => $made['date_of_birth'] ) ) );
		$this->assertSame( array( 'processing', OrderState::RELEASED ), array( $this->again( $order )->get_status(), OrderState::release( $this->again( $order ) ) ) );
	}

	public function test_a_copy_in_one_step_brings_no_status_along(): void {
		$copy = new \WC_Order();
		$copy->add_product( $this->medicine, 3 );
		$copy->update_meta_data( OrderState::ORDER, '12345' );
		$copy->update_meta_data( OrderState::STATUS_AFTER, 'completed' );
		$copy->set_status( 'on-hold' );
		$copy->save();
		$this->assertSame( '', OrderState::word( $this->again( $copy ), OrderState::STATUS_AFTER ) );
	}

	public function test_a_controlled_medicine_is_held_whatever_its_mark_says(): void {
		$this->cream->update_meta_data( ProductMeta::CONTROLLED, 'yes' );
		$this->cream->save();
		$order = $this->order( array( array( $this->cream, 1 ) ) );
		$order->payment_complete();

		$this->assertSame( array( 'on-hold', OrderState::PENDING ), array( $this->again( $order )->get_status(), OrderState::release( $this->again( $order ) ) ) );
	}

	/** Somebody else's program reports what the order's reservation keeps. */
	private function supplyOtherwise( \WC_Order $order ): void {
		$record = OrderState::record( $order );
		$answer = ( new Client() )->request( 'POST', '/prescriptions/' . $record['prescription_id'] . '/dispense', array( 'body' => array( 'reservation_id' => $record['reservation_id'] ) ) );
		$this->assertTrue( $answer->ok(), (string) $answer->code );
	}
}
