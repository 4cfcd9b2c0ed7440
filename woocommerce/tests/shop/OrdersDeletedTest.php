<?php
/**
 * An order is not deleted for good while ELMED has not heard what it handed over, on whichever way somebody tries.
 */

namespace Elmed\WooCommerce\Tests;

use Automattic\WooCommerce\Utilities\OrderUtil;
use Elmed\WooCommerce\Orders\Alerts;
use Elmed\WooCommerce\Orders\Jobs;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\Report;
use Elmed\WooCommerce\Orders\Said;
use Elmed\WooCommerce\Orders\Tally;

require_once __DIR__ . '/OrdersCase.php';

final class OrdersDeletedTest extends OrdersCase {

	/** @dataProvider ways */
	public function test_a_dispense_that_is_owed_keeps_its_order( string $way ): void {
		$made   = Elmed::say( 'prescription' );
		$order  = $this->complete( $this->sold( $made ) );
		$before = OrderState::record( $order );
		$this->$way( $order->get_id() );

		$this->assertFalse( $this->isGone( $order ) );
		$kept = $this->again( $order );
		$this->assertSame( array( $before, Report::QUEUED ), array( OrderState::record( $kept ), Report::ofDispense()->state( $kept ) ) );
		$this->assertCount( 1, $kept->get_items() );
		$this->assertSame( Report::DONE, Report::ofDispense()->state( $this->dispense( $kept ) ) );
		$this->assertCount( 1, $this->supplied( $made ) );

		$this->$way( $order->get_id() );
		$this->assertTrue( $this->isGone( $order ), 'it goes once that is done' );
		$this->assertCount( 1, $this->supplied( $made ) );
	}

	public static function ways(): array {
		return array( 'code' => array( 'byCode' ), 'REST' => array( 'overRest' ), 'the order list' => array( 'inTheList' ), 'the trash, by the clock' => array( 'byTheClock' ), 'WordPress' => array( 'asPost' ) );
	}

	/** @dataProvider owed */
	public function test_so_does_each_state_that_a_person_has_to_settle( string $state ): void {
		$order = $this->complete( $this->sold( Elmed::say( 'prescription' ) ) );
		Report::ofDispense()->end( $order, $state, 'invalid_status' );
		$this->byCode( $order->get_id() );
		$this->assertSame( $state, Report::ofDispense()->state( $this->again( $order ) ) );

		// Into the trash it may go; there it still asks for somebody.
		wc_get_order( $order->get_id() )->delete( false );
		$this->byCode( $order->get_id() );
		$this->assertSame( 'trash', $this->again( $order )->get_status() );
		$this->assertContains( $order->get_id(), array_map( static fn( $one ) => $one->get_id(), Tally::alerts() ) );
		$this->assertNotSame( '', Alerts::reason( $this->again( $order ) ) );
	}

	public static function owed(): array {
		return array( array( Report::REFUSED ), array( Report::ATTENTION ) );
	}

	public function test_one_whose_completion_no_hook_told_is_kept(): void {
		$order = $this->complete( $this->sold( Elmed::say( 'prescription' ) ) );
		OrderState::set( $order, array( OrderState::DISPENSE => '', OrderState::JOB => array() ) );
		$this->byCode( $order->get_id() );
		$this->assertFalse( $this->isGone( $order ) );
	}

	public function test_in_the_trash_a_lost_job_is_found_again(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->complete( $this->sold( $made ) );
		wc_get_order( $order->get_id() )->delete( false );
		Jobs::drop( Jobs::DISPENSE, array( $order->get_id() ) );
		do_action( Jobs::SWEEP );

		$this->assertSame( Report::DONE, Report::ofDispense()->state( $this->dispense( $order ) ) );
		$this->assertCount( 1, $this->supplied( $made ) );
	}

	public function test_where_the_parcel_never_left_it_goes_after_that_is_said(): void {
		$order = $this->complete( $this->sold( Elmed::say( 'prescription' ) ) );
		Report::ofDispense()->end( $order, Report::REFUSED, 'invalid_status' );
		$this->again( $order )->update_status( 'cancelled' );
		$this->byCode( $order->get_id() );
		$this->press( $this->again( $order ), 'stayed', array() );
		$this->byCode( $order->get_id() );
		$this->assertTrue( $this->isGone( $order ) );
	}

	public function test_other_orders_go_and_free_what_they_kept(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->sold( $made );
		$kept  = (int) OrderState::reservationId( $order );
		$this->byCode( $order->get_id() );
		$this->assertTrue( $this->isGone( $order ) );
		$this->work( Jobs::FREE, array( $kept, $order->get_id(), 0 ) );
		$this->assertSame( array( 'released' ), array_column( $this->reservations( $made ), 'freed' ) );

		$plain = $this->complete( $this->order( array( array( $this->cream, 1 ) ) ) );
		$this->byCode( $plain->get_id() );
		$this->assertTrue( $this->isGone( $plain ) );
	}

	public function test_an_administrator_reads_why_and_what_to_do(): void {
		$this->inAdmin();
		$order = $this->complete( $this->sold( Elmed::say( 'prescription' ) ) );
		$this->byCode( $order->get_id() );
		$shown = $this->printed( fn() => ( new Said() )->show() );
		$this->assertMatchesRegularExpression( '~not deleted: [#0-9, ]*#' . $order->get_order_number() . '\.~', $shown );
		$this->assertStringContainsString( 'Try again', $shown );

		$answer = $this->overRest( $order->get_id() );
		$this->assertSame( array( 409, 'elmed_report_owed' ), array( $answer->get_status(), $answer->get_data()['code'] ) );
		$this->assertStringContainsString( 'not deleted: #' . $order->get_order_number() . '.', $answer->get_data()['message'] );
	}

	private function isGone( \WC_Order $order ): bool {
		return null === Jobs::fresh( $order->get_id() );
	}

	private function byCode( int $id ): void {
		wc_get_order( $id )->delete( true );
	}

	private function overRest( int $id ): \WP_REST_Response {
		$this->become( 'administrator' );
		$request = new \WP_REST_Request( 'DELETE', '/wc/v3/orders/' . $id );
		$request->set_param( 'force', true );
		return rest_get_server()->dispatch( $request );
	}

	/** "Delete permanently" and "Empty trash". */
	private function inTheList( int $id ): void {
		if ( ! OrderUtil::custom_orders_table_usage_is_enabled() ) {
			wp_delete_post( $id );
			return;
		}
		$this->inAdmin( 'woocommerce_page_wc-orders' );
		$list   = wc_get_container()->get( \Automattic\WooCommerce\Internal\Admin\Orders\ListTable::class );
		$delete = new \ReflectionMethod( $list, 'do_delete' );
		$delete->setAccessible( true );
		$delete->invoke( $list, array( $id ), true );
	}

	private function byTheClock( int $id ): void {
		global $wpdb;
		if ( 'trash' !== wc_get_order( $id )->get_status() ) {
			wc_get_order( $id )->delete( false );
		}
		$long_ago = time() - ( EMPTY_TRASH_DAYS + 2 ) * DAY_IN_SECONDS;
		update_post_meta( $id, '_wp_trash_meta_time', $long_ago );
		update_post_meta( $id, '_wp_trash_meta_status', 'wc-completed' );
		$wpdb->update( $wpdb->prefix . 'wc_orders', array( 'date_updated_gmt' => gmdate( 'Y-m-d H:i:s', $long_ago ) ), array( 'id' => $id ) );
		wp_cache_flush();
		Jobs::fresh( $id );
		do_action( 'wp_scheduled_delete' );
	}

	private function asPost( int $id ): void {
		wp_delete_post( $id, true );
		$order = Jobs::fresh( $id );
		if ( $order && OrderUtil::custom_orders_table_usage_is_enabled() && Report::DONE === Report::ofDispense()->state( $order ) ) {
			$this->byCode( $id ); // The post was a copy only.
		}
	}
}
