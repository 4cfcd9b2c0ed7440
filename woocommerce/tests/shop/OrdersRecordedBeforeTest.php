<?php
/**
 * ELMED has a dispense already under an order's number or its reservation: it is compared before it counts as this one's.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Database\Lock;
use Elmed\WooCommerce\Orders\Alerts;
use Elmed\WooCommerce\Orders\Jobs;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\Refunds;
use Elmed\WooCommerce\Orders\Report;

require_once __DIR__ . '/OrdersCase.php';

final class OrdersRecordedBeforeTest extends OrdersCase {

	public function test_another_order_of_the_same_number_is_not_taken_for_this_one(): void {
		$made  = Elmed::say( 'prescription', array( 'lines' => array( array( 'quantity' => 42 ) ) ) );
		$first = $this->dispense( $this->complete( $this->sold( $made, 3 ) ) );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $first ) );

		// A counter that was reset.
		$number = (string) $first->get_order_number();
		add_filter( 'woocommerce_order_number', static fn() => $number );
		$second = $this->dispense( $this->complete( $this->sold( $made, 3 ) ) );

		$this->assertSame( Report::ATTENTION, Report::ofDispense()->state( $second ) );
		$this->assertSame( 'another report with this order number exists', Alerts::reason( $second ) );
		$this->assertStringContainsString( 'Dispense ' . Report::ofDispense()->job( $first )['dispense_id'] . ' is in the way', $this->notes( $second ) );
		$this->assertCount( 1, $this->supplied( $made ) );
		$this->assertNotNull( OrderState::reservationId( $second ) );

		// Out of the way, it goes.
		$first = $this->again( $first );
		Refunds::askAboutAll( $first );
		$this->assertNull( Refunds::settle( $this->again( $first ), 0, 'recorded_in_error' ) );
		$this->press( $second, 'again', array() );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $this->again( $second ) ) );
		$this->assertSame( array( true, false ), array_column( $this->supplied( $made ), 'reversed' ) );
	}

	public function test_the_own_one_counts_with_its_lines(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->dispense( $this->complete( $this->sold( $made ) ) );
		$job   = Report::ofDispense()->job( $order );
		$order = $this->forgotten( $order );

		$this->assertSame( Report::DONE, Report::ofDispense()->state( $order ) );
		$now = Report::ofDispense()->job( $order );
		$this->assertSame( array( $job['dispense_id'], $job['lines'] ), array( $now['dispense_id'], $now['lines'] ) );
	}

	public function test_the_own_one_taken_back_does_not_count(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->dispense( $this->complete( $this->sold( $made ) ) );
		$kept  = OrderState::record( $order );
		Refunds::askAboutAll( $order );
		Refunds::settle( $this->again( $order ), 0, 'recorded_in_error' );
		$order = $this->again( $order );
		OrderState::set( $order, array( OrderState::RECORD => $kept, OrderState::REFUNDS => array() ) );
		OrderState::setRelease( $order, OrderState::RELEASED );
		$order = $this->forgotten( $order );

		$this->assertSame( Report::ATTENTION, Report::ofDispense()->state( $order ) );
		$this->assertSame( 'its dispense was taken back', Alerts::reason( $order ) );
	}

	public function test_the_own_one_of_another_quantity_does_not_count(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->dispense( $this->complete( $this->sold( $made ) ) );
		$item  = current( $order->get_items() );
		wc_create_refund( array( 'order_id' => $order->get_id(), 'amount' => 10, 'line_items' => array( $item->get_id() => array( 'qty' => 1, 'refund_total' => 10 ) ) ) );
		$order = $this->again( $order );
		$order->set_date_completed( time() + 5 ); // the refund came before it
		$order->save();
		$order = $this->forgotten( $order );

		$this->assertSame( array( Report::ATTENTION, 'another quantity is recorded for this order' ), array( Report::ofDispense()->state( $order ), Alerts::reason( $order ) ) );
	}

	public function test_while_elmed_cannot_be_asked_it_is_tried_again(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->dispense( $this->complete( $this->sold( $made ) ) );
		Elmed::say( 'weather', array( 'lose_answers' => 1, 'only' => '/dispenses/' ) );
		$order = $this->forgotten( $order );
		$this->assertSame( Report::RETRYING, Report::ofDispense()->state( $order ) );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $this->dispense( $order ) ) );
	}

	public function test_a_reservation_is_not_freed_while_another_process_has_the_order(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->sold( $made );
		$order->update_status( 'cancelled' );
		$free  = array( (int) OrderState::reservationId( $order ), $order->get_id(), 0 );
		$other = Process::start( 'Elmed\WooCommerce\Database\Lock::hold( "order-' . $order->get_id() . '", 1, static function () { sleep( 20 ); } );' );
		$this->untilHeld( 'order-' . $order->get_id() );
		$calls = Elmed::calls( fn() => $this->assertSame( 1, $this->work( Jobs::FREE, $free ) ) );
		$other->kill();

		$this->assertSame( array(), $calls );
		$this->assertSame( array( '' ), array_map( 'strval', array_column( $this->reservations( $made ), 'freed' ) ) );
		Lock::hold( 'order-' . $order->get_id(), 15, static fn() => null );
		$this->assertSame( 1, $this->work( Jobs::FREE, $free ), 'it comes back' );
		$this->assertSame( array( 'released' ), array_column( $this->reservations( $made ), 'freed' ) );
	}

	/** As if the shop had lost all that it knew of the report, and reports again. */
	private function forgotten( \WC_Order $order ): \WC_Order {
		OrderState::set( $order, array( OrderState::DISPENSE => '', OrderState::JOB => array() ) );
		Report::ofDispense()->queue( $order );
		return $this->dispense( $order );
	}
}
