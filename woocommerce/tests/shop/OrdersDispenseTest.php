<?php
/**
 * Completed orders are reported to ELMED: once, in the background, until it says yes or a final no.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Api\Budget;
use Elmed\WooCommerce\Orders\Alerts;
use Elmed\WooCommerce\Orders\Jobs;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\Report;
use Elmed\WooCommerce\Orders\Sweep;
use Elmed\WooCommerce\Orders\Tally;

require_once __DIR__ . '/OrdersCase.php';

final class OrdersDispenseTest extends OrdersCase {

	public function test_completing_calls_nothing_and_queues_one_job(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->sold( $made );

		$calls = Elmed::calls( fn() => $this->complete( $order ) );

		$this->assertSame( array(), $calls );
		$this->assertNotNull( Jobs::next( Jobs::DISPENSE, array( $order->get_id() ) ) );
		$this->assertSame( Report::QUEUED, Report::ofDispense()->state( $this->again( $order ) ) );
	}

	public function test_a_completed_order_is_dispensed_with_its_number_and_key(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->complete( $this->sold( $made ) );

		$calls = Elmed::calls( fn() => $this->dispense( $order ) );

		$order = $this->again( $order );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $order ) );
		$this->assertSame( array( Report::ofDispense()->job( $order )['key'] ), array_column( $calls, 'idempotency_key' ) );
		$there = $this->supplied( $made );
		$this->assertSame( array( (string) $order->get_order_number() ), array_column( $there, 'external_reference' ) );
		$this->assertSame( 21.0, (float) array_sum( $there[0]['lines'] ) );
		$this->assertSame( $there[0]['id'], Report::ofDispense()->job( $order )['dispense_id'] );
		$this->assertSame( '47', $this->stock() );
		$this->assertStringContainsString( 'dispense reported', $this->notes( $order ) );
	}

	public function test_completed_twice_is_one_dispense(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->complete( $this->sold( $made ) );
		do_action( 'woocommerce_order_status_completed', $order->get_id(), $order );
		$this->dispense( $order );
		$this->again( $order )->update_status( 'processing' );
		$this->complete( $this->again( $order ) );

		$this->assertSame( 0, $this->work( Jobs::DISPENSE, array( $order->get_id() ) ) );
		do_action( Jobs::DISPENSE, $order->get_id() );
		$this->assertCount( 1, $this->supplied( $made ) );
	}

	public function test_with_elmed_down_it_is_tried_again_under_the_same_key_and_done(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->complete( $this->sold( $made ) );
		Elmed::say( 'stop' );
		$order = $this->dispense( $order );
		$key   = Report::ofDispense()->job( $order )['key'];
		$first = Jobs::next( Jobs::DISPENSE, array( $order->get_id() ) ) - time();
		$order = $this->dispense( $order );
		$second = Jobs::next( Jobs::DISPENSE, array( $order->get_id() ) ) - time();
		Elmed::say( 'start' );

		$this->assertSame( Report::RETRYING, Report::ofDispense()->state( $order ) );
		$this->assertEqualsWithDelta( 60, $first, 3 );
		$this->assertEqualsWithDelta( 300, $second, 3 );
		$calls = Elmed::calls( fn() => $this->dispense( $order ) );
		$this->assertSame( array( $key ), array_column( $calls, 'idempotency_key' ) );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $this->again( $order ) ) );
		$this->assertCount( 1, $this->supplied( $made ) );
	}

	public function test_a_lost_answer_is_no_second_dispense(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->complete( $this->sold( $made ) );
		Elmed::say( 'weather', array( 'lose_answers' => 1, 'only' => '/dispense' ) );
		$order = $this->dispense( $order );
		$this->assertSame( Report::RETRYING, Report::ofDispense()->state( $order ) );

		$order = $this->dispense( $order );

		$this->assertSame( Report::DONE, Report::ofDispense()->state( $order ) );
		$this->assertCount( 1, $this->supplied( $made ) );
	}

	public function test_a_used_reservation_counts_as_done(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->complete( $this->sold( $made ) );
		$order = $this->dispense( $order );
		$done  = Report::ofDispense()->job( $order )['dispense_id'];
		// As if the shop had lost all that it knew: another key, another state.
		OrderState::set( $order, array( OrderState::DISPENSE => '', OrderState::JOB => array() ) );
		$order = $this->complete( $order );
		Report::ofDispense()->queue( $order );

		$order = $this->dispense( $order );

		$this->assertSame( Report::DONE, Report::ofDispense()->state( $order ) );
		$this->assertCount( 1, $this->supplied( $made ) );
		$this->assertContains( Report::ofDispense()->job( $order )['dispense_id'], array( $done, null ) );
	}

	public function test_on_hold_is_waited_for_and_then_done(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->complete( $this->sold( $made ) );
		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => 'hold', 'reason' => 'A question' ) );

		$order = $this->dispense( $order );

		$this->assertSame( Report::WAITING, Report::ofDispense()->state( $order ) );
		$this->assertSame( array(), $this->supplied( $made ) );
		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => 'resume' ) );
		$order = $this->dispense( $order );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $order ) );
		$this->assertCount( 1, $this->supplied( $made ) );
	}

	public function test_a_final_no_stops_and_alerts_and_try_again_gets_it_done(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->complete( $this->sold( $made ) );
		Elmed::say( 'reservation_free', array( 'id' => OrderState::reservationId( $order ) ) );

		$order = $this->dispense( $order );

		$this->assertSame( Report::REFUSED, Report::ofDispense()->state( $order ) );
		$this->assertNull( Jobs::next( Jobs::DISPENSE, array( $order->get_id() ) ) );
		$this->assertContains( $order->get_id(), array_map( fn( $one ) => $one->get_id(), Tally::alerts() ) );
		$this->assertStringContainsString( 'reservation was freed', Alerts::reason( $order ) );
		$this->assertSame( array(), $this->supplied( $made ) );

		OrderState::forget( $order );
		$said = $this->press( $order, 'check', array( 'elmed_prescription' => $made['reference'], 'elmed_date_of_birth' => $made['date_of_birth'] ) );
		$this->assertSame( 'Released: may be sent.', $said );
		$order = $this->dispense( $this->again( $order ) );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $order ) );
		$this->assertSame( '', Alerts::reason( $order ) );
	}

	public function test_after_the_last_step_a_person_is_asked(): void {
		$order = $this->complete( $this->sold( Elmed::say( 'prescription' ) ) );
		Elmed::say( 'stop' );
		$delays = array();
		for ( $try = 0; $try < 8; $try++ ) {
			$order    = $this->dispense( $order );
			$next     = Jobs::next( Jobs::DISPENSE, array( $order->get_id() ) );
			$delays[] = $next ? (int) round( ( $next - time() ) / 10 ) * 10 : null;
		}
		Elmed::say( 'start' );

		$this->assertSame( array( 60, 300, 1800, 7200, 21600, 43200, 86400, null ), $delays );
		$this->assertSame( Report::ATTENTION, Report::ofDispense()->state( $order ) );
		$this->assertSame( 'yes', $order->get_meta( OrderState::ALERT ) );
		$this->assertStringContainsString( 'Reported', $this->press( $order, 'again', array() ) );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $this->again( $order ) ) );
	}

	public function test_a_429_postpones_without_counting_as_a_failure(): void {
		$order = $this->complete( $this->sold( Elmed::say( 'prescription' ) ) );
		Elmed::say( 'limit', array( 'key_id' => (int) Elmed::fact( 'key_id' ), 'per_minute' => 1 ) );
		delete_option( 'elmed_budget' );

		$order = $this->dispense( $order );

		$this->assertSame( Report::QUEUED, Report::ofDispense()->state( $order ) );
		$this->assertSame( 0, (int) Report::ofDispense()->job( $order )['failures'] );
		$this->assertNotNull( Jobs::next( Jobs::DISPENSE, array( $order->get_id() ) ) );
	}

	public function test_beyond_a_hundred_requests_a_minute_a_job_waits_without_asking(): void {
		$order  = $this->complete( $this->sold( Elmed::say( 'prescription' ) ) );
		$budget = new Budget();
		while ( 0 === $budget->take() ) {
			continue;
		}
		$calls = Elmed::calls( fn() => $this->dispense( $order ) );
		$order = $this->again( $order );

		$this->assertSame( array(), $calls );
		$this->assertSame( Report::QUEUED, Report::ofDispense()->state( $order ) );
		$next = Jobs::next( Jobs::DISPENSE, array( $order->get_id() ) ) - time();
		$this->assertTrue( $next > 0 && $next <= 95, "in $next s" );
		delete_option( Budget::OPTION );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $this->dispense( $order ) ) );
	}

	public function test_a_refused_key_is_retried_and_named(): void {
		$order = $this->complete( $this->sold( Elmed::say( 'prescription' ) ) );
		update_option( 'elmed_api_key', 'elm_' . str_repeat( '0', 64 ), false );

		$order = $this->dispense( $order );

		$this->assertSame( Report::RETRYING, Report::ofDispense()->state( $order ) );
		$this->assertSame( 'key', Report::ofDispense()->job( $order )['reason'] );
		update_option( 'elmed_api_key', Elmed::fact( 'key' ), false );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $this->dispense( $order ) ) );
	}

	public function test_completed_without_a_check_is_an_alert_and_no_dispense(): void {
		$order = $this->order( array( array( $this->medicine, 1 ) ) );
		$calls = Elmed::calls( fn() => $this->complete( $order ) );
		$order = $this->again( $order );

		$this->assertSame( array(), $calls );
		$this->assertSame( 'completed', $order->get_status() );
		$this->assertSame( Report::ATTENTION, Report::ofDispense()->state( $order ) );
		$this->assertNull( Jobs::next( Jobs::DISPENSE, array( $order->get_id() ) ) );
		$this->assertStringContainsString( 'not checked', $this->notes( $order ) );
		$this->inAdmin();
		$this->assertStringContainsString( '#' . $order->get_order_number(), $this->printed( array( new Alerts(), 'show' ) ) );
	}

	public function test_five_hundred_completions_are_five_hundred_jobs_and_no_call(): void {
		$order = $this->sold( Elmed::say( 'prescription' ) );
		$began = microtime( true );
		$calls = Elmed::calls(
			function () use ( $order ) {
				for ( $number = 0; $number < 500; $number++ ) {
					Jobs::add( Jobs::DISPENSE, array( 1000000 + $number ) );
				}
				$this->complete( $order );
			}
		);

		$this->assertSame( array(), $calls );
		$this->assertCount( 501, as_get_scheduled_actions( array( 'hook' => Jobs::DISPENSE, 'status' => 'pending', 'per_page' => -1 ), 'ids' ) );
		$this->assertLessThan( 20.0, microtime( true ) - $began );
	}

	public function test_a_report_whose_job_is_gone_is_queued_again_and_an_unheard_completion_is_heard(): void {
		global $wpdb;
		$made  = Elmed::say( 'prescription' );
		$order = $this->complete( $this->sold( $made ) );
		as_unschedule_all_actions( '', array(), 'elmed' );
		( new Sweep() )->run();
		$this->assertNotNull( Jobs::next( Jobs::DISPENSE, array( $order->get_id() ) ) );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $this->dispense( $order ) ) );
		( new Sweep() )->run();
		$this->assertNull( Jobs::next( Jobs::DISPENSE, array( $order->get_id() ) ) );

		$silent = $this->sold( Elmed::say( 'prescription' ) );
		$table  = \Automattic\WooCommerce\Utilities\OrderUtil::custom_orders_table_usage_is_enabled() ? array( $wpdb->prefix . 'wc_orders', 'status', 'id' ) : array( $wpdb->posts, 'post_status', 'ID' );
		$wpdb->query( $wpdb->prepare( "UPDATE {$table[0]} SET {$table[1]} = 'wc-completed' WHERE {$table[2]} = %d", $silent->get_id() ) );
		wp_cache_flush();
		( new Sweep() )->run();
		$this->assertNotNull( Jobs::next( Jobs::DISPENSE, array( $silent->get_id() ) ) );
	}

	public function test_an_unconfirmed_reservation_is_confirmed_with_the_report(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		OrderState::letThrough( $order, $this->ask( $order, $made ) );
		$order = $this->dispense( $this->complete( $this->again( $order ) ) );

		$this->assertSame( Report::DONE, Report::ofDispense()->state( $order ) );
		$this->assertSame( array( true ), array_column( $this->reservations( $made ), 'confirmed' ) );
	}

	public function test_what_needs_no_prescription_is_reported_as_a_sale_once(): void {
		$order = $this->complete( $this->order( array( array( $this->cream, 2 ), array( $this->cream, 1 ) ) ) );
		$this->work( Jobs::SALE, array( $order->get_id() ) );
		do_action( Jobs::SALE, $order->get_id() );

		$this->assertSame( Report::DONE, Report::ofSale()->state( $this->again( $order ) ) );
		$this->assertSame( array( array( 'sku' => $this->cream->get_sku(), 'quantity' => '3' ) ), Elmed::say( 'sales', array( 'external_reference' => (string) $order->get_order_number() ) ) );
	}

	public function test_a_mixed_order_is_a_dispense_and_a_sale(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->complete( $this->sold( $made, 1, array( array( $this->cream, 2 ) ) ) );
		$order = $this->dispense( $order );
		$this->work( Jobs::SALE, array( $order->get_id() ) );

		$this->assertSame( 7.0, (float) array_sum( $this->supplied( $made )[0]['lines'] ) );
		$this->assertCount( 1, Elmed::say( 'sales', array( 'external_reference' => (string) $order->get_order_number() ) ) );
	}

	public function test_what_was_sold_is_reported_though_its_product_has_changed_or_is_gone(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->sold( $made );
		$this->medicine->update_meta_data( '_elmed_sku', 'ANOTHER' );
		$this->medicine->save();
		$this->assertSame( OrderState::RELEASED, OrderState::release( $this->again( $order ) ), 'another SKU' );
		$this->medicine->update_meta_data( '_elmed_requires_prescription', 'no' );
		$this->medicine->save();
		$this->assertSame( OrderState::RELEASED, OrderState::release( $this->again( $order ) ), 'no prescription any more' );
		$this->medicine->delete( true );
		$this->assertSame( OrderState::RELEASED, OrderState::release( $this->again( $order ) ), 'gone' );

		$order = $this->dispense( $this->complete( $this->again( $order ) ) );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $order ) );
		$this->assertSame( 21.0, (float) array_sum( $this->supplied( $made )[0]['lines'] ) );
		$this->assertNull( Jobs::next( Jobs::SALE, array( $order->get_id() ) ), 'not a second time as a sale' );
	}

	public function test_completed_while_the_pharmacist_has_not_checked_it_is_an_alert_and_waits(): void {
		$made  = Elmed::say( 'prescription', array( 'state' => 'pending_review' ) );
		$order = $this->dispense( $this->complete( $this->sold( $made ) ) );
		$this->assertSame( Report::WAITING, Report::ofDispense()->state( $order ) );
		$this->assertSame( 'yes', $order->get_meta( OrderState::ALERT ) );
		$this->assertSame( array(), $this->supplied( $made ) );

		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => 'verify' ) );
		$order = $this->dispense( $order );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $order ) );
		$this->assertSame( '', $order->get_meta( OrderState::ALERT ) );
	}

	public function test_products_of_the_shop_alone_are_never_reported(): void {
		$own = new \WC_Product_Simple();
		$own->set_props( array( 'name' => 'Gift card', 'regular_price' => '1', 'sku' => 'OWN-' . wp_rand() ) );
		$own->save();
		$order = $this->complete( $this->order( array( array( $own, 1 ) ) ) );

		$this->assertNull( Jobs::next( Jobs::SALE, array( $order->get_id() ) ) );
		$this->assertNull( Jobs::next( Jobs::DISPENSE, array( $order->get_id() ) ) );
	}

	public function test_a_product_that_elmed_forgot_does_not_keep_the_rest_from_being_reported(): void {
		$gone  = $this->product( false );
		$order = $this->complete( $this->order( array( array( $gone, 1 ), array( $this->cream, 1 ) ) ) );
		Elmed::say( 'product_gone', array( 'id' => (int) $gone->get_meta( '_elmed_product_id' ) ) );

		$this->work( Jobs::SALE, array( $order->get_id() ) );
		$this->work( Jobs::SALE, array( $order->get_id() ) );

		$this->assertSame( Report::DONE, Report::ofSale()->state( $this->again( $order ) ) );
		$this->assertCount( 1, Elmed::say( 'sales', array( 'external_reference' => (string) $order->get_order_number() ) ) );
	}

	public function test_completed_orders_that_were_not_reported_are_named_to_the_sync(): void {
		$order = $this->complete( $this->sold( Elmed::say( 'prescription' ) ) );
		$this->assertContains( $order->get_id(), apply_filters( 'elmed_unreported_order_ids', array() ) );
		$order = $this->dispense( $order );
		$this->assertNotContains( $order->get_id(), apply_filters( 'elmed_unreported_order_ids', array() ) );
	}

	private function stock(): string {
		return Elmed::say( 'product_now', array( 'id' => (int) $this->medicine->get_meta( '_elmed_product_id' ) ) )['stock'];
	}
}
