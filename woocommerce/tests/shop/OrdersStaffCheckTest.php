<?php
/**
 * Staff check an order again: its own reservation does not stand in its way, and none is left behind.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Orders\Jobs;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\PanelActions;
use Elmed\WooCommerce\Orders\Report;
use Elmed\WooCommerce\Orders\Said;

require_once __DIR__ . '/OrdersCase.php';

final class OrdersStaffCheckTest extends OrdersCase {

	public function test_more_packs_are_checked_against_the_same_prescription(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->raised( $this->sold( $made, 2 ), 3 );
		$this->assertSame( OrderState::PENDING, OrderState::release( $order ) );

		$this->assertSame( 'Released: may be sent.', $this->check( $order, $made ) );
		$this->assertSame( OrderState::RELEASED, OrderState::release( $this->again( $order ) ) );
		$kept = array_values( array_filter( $this->reservations( $made ), static fn( $one ) => ! $one['freed'] ) );
		$this->assertSame( array( (string) $order->get_order_number() ), array_column( $kept, 'order' ) );
		$this->complete( $this->again( $order ) );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $this->dispense( $order ) ) );
	}

	public function test_with_another_prescription_the_first_is_free_again(): void {
		$first  = Elmed::say( 'prescription' );
		$second = Elmed::say( 'prescription' );
		$order  = $this->sold( $first );
		$old    = (int) OrderState::reservationId( $order );

		$this->assertSame( 'Released: may be sent.', $this->check( $order, $second ) );
		$this->assertSame( 1, $this->work( Jobs::FREE, array( $old, 0, 0 ) ) );
		$this->assertSame( array( 'released' ), array_column( $this->reservations( $first ), 'freed' ) );
		$this->assertSame( OrderState::RELEASED, OrderState::release( $this->again( $order ) ) );
		$this->assertSame( array( true ), array_column( $this->reservations( $second ), 'confirmed' ) );
	}

	public function test_a_check_that_is_refused_changes_nothing(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->sold( $made );
		$kept  = OrderState::record( $order );

		$this->assertStringContainsString( 'No prescription matches', $this->check( $order, array( 'date_of_birth' => '1901-01-01' ) + $made ) );
		$this->assertStringContainsString( 'Enter the prescription', $this->check( $order, array( 'reference' => '' ) + $made ) );
		$this->assertSame( array( $kept, OrderState::RELEASED ), array( OrderState::record( $this->again( $order ) ), OrderState::release( $this->again( $order ) ) ) );
		$this->assertSame( array( '' ), array_map( 'strval', array_column( $this->reservations( $made ), 'freed' ) ) );
	}

	public function test_while_a_job_of_the_order_runs_nothing_is_asked(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		$other = Process::start( 'Elmed\WooCommerce\Database\Lock::hold( "order-' . $order->get_id() . '", 1, static function () { sleep( 20 ); } );' );
		$this->untilHeld( 'order-' . $order->get_id() );
		$calls = Elmed::calls( fn() => $this->assertStringContainsString( 'in a minute', $this->check( $order, $made ) ) );
		$other->kill();
		$this->assertSame( array(), $calls );
	}

	public function test_a_report_whose_answer_was_lost_keeps_its_reservation(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->complete( $this->sold( $made ) );
		Elmed::say( 'weather', array( 'lose_answers' => 1, 'only' => '/dispense' ) );
		$order = $this->dispense( $order );
		$this->check( $order, $made );

		$this->assertSame( Report::DONE, Report::ofDispense()->state( $this->dispense( $order ) ) );
		$this->assertCount( 1, $this->supplied( $made ) );
	}

	private function check( \WC_Order $order, array $made ): string {
		return $this->press( $order, 'check', array( 'elmed_prescription' => $made['reference'], 'elmed_date_of_birth' => $made['date_of_birth'] ) );
	}

	private function raised( \WC_Order $order, int $packs ): \WC_Order {
		foreach ( $order->get_items() as $item ) {
			$item->set_quantity( $packs );
			$item->save();
		}
		return $this->again( $order );
	}

	public function test_what_is_told_on_the_next_page_names_no_product_until_it_is_shown(): void {
		global $wpdb;
		$this->inAdmin();
		$made  = Elmed::say( 'prescription' );
		$order = $this->order( array( array( $this->medicine, 4 ) ) );
		Said::later( PanelActions::act( $order, 'check', array( 'elmed_prescription' => $made['reference'], 'elmed_date_of_birth' => $made['date_of_birth'] ) ) );

		$kept = wp_json_encode( $wpdb->get_results( "SELECT * FROM {$wpdb->options} WHERE option_name LIKE '%elmed_order_notice%'" ) );
		$this->assertStringContainsString( 'too_much', $kept );
		foreach ( array( 'moxicillin', $this->medicine_sku, $made['reference'], $made['date_of_birth'] ) as $secret ) {
			$this->assertStringNotContainsString( $secret, $kept );
		}
		$shown = $this->printed( fn() => ( new Said() )->show() );
		$this->assertStringContainsString( 'Amoxicillin 500 mg capsules: the quantity is more than the prescription allows now', $shown );
		$this->assertSame( '', $this->printed( fn() => ( new Said() )->show() ), 'told once' );
	}
}
