<?php
/**
 * How an order stands: waiting, released, held, stopped; what is said of it, and where nothing of it may show.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Gate\Attempt;
use Elmed\WooCommerce\Orders\Confirm;
use Elmed\WooCommerce\Orders\Jobs;
use Elmed\WooCommerce\Orders\ListColumn;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\PackingSlip;
use Elmed\WooCommerce\Orders\Panel;
use Elmed\WooCommerce\Orders\Tally;
use Elmed\WooCommerce\Orders\Waiting;
use Elmed\WooCommerce\Orders\Words;

require_once __DIR__ . '/OrdersCase.php';

final class OrdersStateTest extends OrdersCase {

	public function test_a_waiting_order_is_released_and_processed_when_the_pharmacist_has_checked_it(): void {
		$made  = Elmed::say( 'prescription', array( 'state' => 'pending_review' ) );
		$order = $this->sold( $made );
		$this->assertSame( array( 'on-hold', OrderState::WAITING, 'Check pending' ), array( $order->get_status(), OrderState::release( $order ), Words::release( $order ) ) );
		$this->assertSame( 1, Tally::waiting() );

		( new Waiting() )->run();
		$this->assertSame( 'on-hold', $this->again( $order )->get_status() );
		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => 'verify' ) );
		( new Waiting() )->run();

		$order = $this->again( $order );
		$this->assertSame( array( 'processing', 'Released: may be sent' ), array( $order->get_status(), Words::release( $order ) ) );
		$this->assertSame( 0, Tally::waiting() );
	}

	public function test_a_bank_transfer_stays_on_hold_for_its_money_when_it_is_released(): void {
		$made  = Elmed::say( 'prescription', array( 'state' => 'pending_review' ) );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		OrderState::letThrough( $order, $this->ask( $order, $made ) );
		$order->update_status( apply_filters( 'woocommerce_bacs_process_payment_order_status', 'on-hold', $order ) );
		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => 'verify' ) );
		( new Waiting() )->run();

		$this->assertSame( array( 'on-hold', OrderState::RELEASED ), array( $this->again( $order )->get_status(), OrderState::release( $this->again( $order ) ) ), $this->notes( $order ) );
	}

	/** @dataProvider ends */
	public function test_a_waiting_order_whose_prescription_ends_must_not_be_sent_and_the_customer_is_told_neutrally( string $act, string $words ): void {
		$made   = Elmed::say( 'prescription', array( 'state' => 'pending_review' ) );
		$order  = $this->sold( $made );
		$before = count( Site::mails() );
		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => $act, 'reason' => 'Interaction with heart medicine' ) );
		( new Waiting() )->run();

		$order = $this->again( $order );
		$this->assertSame( 'on-hold', $order->get_status() );
		$this->assertStringStartsWith( 'Do not send: ', Words::release( $order ) );
		$this->assertStringContainsString( $words, Words::release( $order ) );
		$this->assertSame( 'yes', $order->get_meta( OrderState::ALERT ) );
		$mails = array_slice( Site::mails(), $before );
		$this->assertCount( 1, $mails );
		$this->assertStringContainsString( 'We cannot send your order as it is', $mails[0]['message'] );
		foreach ( array( 'moxicillin', 'Interaction', 'heart', 'rejected', 'prescription was', $this->medicine_sku ) as $word ) {
			$this->assertStringNotContainsString( $word, $mails[0]['subject'] . $mails[0]['message'] );
		}
	}

	public static function ends(): array {
		return array( array( 'reject', 'rejected' ), array( 'return', 'returned' ) );
	}

	public function test_a_released_order_that_has_not_left_is_held_when_the_prescription_is_on_hold_and_goes_on_after_it(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->sold( $made );
		$this->assertSame( 'processing', $order->get_status() );
		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => 'hold', 'reason' => 'A question' ) );
		$this->assertTrue( ( new Waiting() )->ask( $order->get_id() ) );
		$order = $this->again( $order );
		$this->assertSame( array( 'on-hold', OrderState::HELD ), array( $order->get_status(), OrderState::release( $order ) ) );
		$this->assertStringStartsWith( 'Do not send: ', Words::release( $order ) );

		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => 'resume' ) );
		( new Waiting() )->run();
		$this->assertSame( array( 'processing', OrderState::RELEASED ), array( $this->again( $order )->get_status(), OrderState::release( $this->again( $order ) ) ) );
	}

	public function test_with_a_key_of_another_pharmacy_orders_are_held_and_no_customer_is_told(): void {
		$made   = Elmed::say( 'prescription', array( 'state' => 'pending_review' ) );
		$order  = $this->sold( $made );
		$before = count( Site::mails() );
		update_option( 'elmed_api_key', Elmed::say( 'pharmacy' )['key'], false );
		( new Waiting() )->run();
		$order = $this->again( $order );
		$this->assertSame( array( OrderState::HELD, 'gone' ), array( OrderState::release( $order ), OrderState::reason( $order ) ) );
		$this->assertSame( $before, count( Site::mails() ) );

		update_option( 'elmed_api_key', Elmed::fact( 'key' ), false );
		Elmed::say( 'act', array( 'id' => $made['id'], 'act' => 'verify' ) );
		( new Waiting() )->run();
		$this->assertSame( array( 'processing', OrderState::RELEASED ), array( $this->again( $order )->get_status(), OrderState::release( $this->again( $order ) ) ) );
	}

	public function test_an_order_whose_confirmation_was_not_sent_is_confirmed_before_it_is_asked_about(): void {
		$made  = Elmed::say( 'prescription', array( 'state' => 'pending_review' ) );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		OrderState::letThrough( $order, $this->ask( $order, $made ) );
		( new Waiting() )->run();

		$this->assertSame( array( true ), array_column( $this->reservations( $made ), 'confirmed' ) );
		$this->assertSame( OrderState::WAITING, OrderState::release( $this->again( $order ) ) );
	}

	public function test_with_elmed_down_a_waiting_order_stays_as_it_is(): void {
		$order = $this->sold( Elmed::say( 'prescription', array( 'state' => 'pending_review' ) ) );
		Elmed::say( 'stop' );
		( new Waiting() )->run();
		Elmed::say( 'start' );

		$this->assertSame( array( 'on-hold', OrderState::WAITING ), array( $this->again( $order )->get_status(), OrderState::release( $this->again( $order ) ) ) );
	}

	/** @dataProvider gateways */
	public function test_a_gateway_holds_what_nobody_checked( string $gateway ): void {
		$filter = "woocommerce_{$gateway}_process_payment_order_status";
		$this->assertSame( 'on-hold', apply_filters( $filter, 'completed', $this->order( array( array( $this->medicine, 1 ) ) ) ) );
		$this->assertSame( 'completed', apply_filters( $filter, 'completed', $this->order( array( array( $this->cream, 1 ) ) ) ) );
		$this->assertSame( 'completed', apply_filters( $filter, 'completed', $this->sold( Elmed::say( 'prescription' ) ) ) );
	}

	public static function gateways(): array {
		return array( array( 'cod' ), array( 'bacs' ), array( 'cheque' ) );
	}

	public function test_a_paid_order_that_nobody_checked_is_held_as_paid_and_an_unpaid_one_on_hold_is_not_taken_for_paid(): void {
		$paid = $this->order( array( array( $this->medicine, 1 ) ) );
		$paid->payment_complete();
		$this->assertSame( 'on-hold', $this->again( $paid )->get_status() );
		$this->assertNotNull( $this->again( $paid )->get_date_paid() );

		$unpaid = $this->order( array( array( $this->medicine, 1 ) ) );
		$unpaid->update_status( 'on-hold' );
		$this->assertNull( $this->again( $unpaid )->get_date_paid() );

		$plain = $this->order( array( array( $this->cream, 1 ) ) );
		$plain->payment_complete();
		$this->assertSame( 'processing', $this->again( $plain )->get_status() );
	}

	public function test_processing_set_by_anything_becomes_on_hold_without_a_check(): void {
		$order = $this->order( array( array( $this->medicine, 1 ) ) );
		$order->update_status( 'processing' );
		$this->assertSame( 'on-hold', $this->again( $order )->get_status() );
		$this->assertSame( 'on-hold', $this->again( $this->order( array( array( $this->medicine, 1 ) ), 'processing' ) )->get_status() );
		$this->assertSame( 'processing', $this->again( $this->order( array( array( $this->cream, 1 ) ), 'processing' ) )->get_status() );
	}

	public function test_another_plugins_paid_status_is_held_too(): void {
		add_filter( 'wc_order_statuses', static fn( $all ) => $all + array( 'wc-packed' => 'Packed' ) );
		add_filter( 'woocommerce_order_is_paid_statuses', static fn( $all ) => array_merge( $all, array( 'packed' ) ) );
		$order = $this->order( array( array( $this->medicine, 1 ) ) );
		$order->update_status( 'packed' );
		$this->assertSame( 'on-hold', $this->again( $order )->get_status() );
		$plain = $this->order( array( array( $this->cream, 1 ) ) );
		$plain->update_status( 'packed' );
		$this->assertSame( 'packed', $this->again( $plain )->get_status() );
	}

	public function test_more_packs_than_were_checked_are_not_released(): void {
		$order = $this->sold( Elmed::say( 'prescription' ), 1 );
		$order->add_product( $this->medicine, 1 );
		$order->save();

		$this->assertSame( array( OrderState::PENDING, 'Check pending' ), array( OrderState::release( $this->again( $order ) ), Words::release( $this->again( $order ) ) ) );
	}

	public function test_a_copy_of_an_order_carries_no_verification(): void {
		$order = $this->sold( Elmed::say( 'prescription' ) );
		$copy  = $this->order( array( array( $this->medicine, 3 ) ) );
		foreach ( $order->get_meta_data() as $meta ) {
			$copy->update_meta_data( $meta->key, $meta->value );
		}
		$copy->save();
		$copy->payment_complete();

		$this->assertSame( array( 'on-hold', OrderState::PENDING ), array( $this->again( $copy )->get_status(), OrderState::release( $this->again( $copy ) ) ) );
		$data = array( '_elmed_release' => 'released', '_billing_email' => 'a' );
		$this->assertSame( array( '_billing_email' => 'a' ), apply_filters( 'wc_subscriptions_object_data', $data ) );
	}

	public function test_staff_check_an_order_that_came_past_the_checkout(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		$order->payment_complete();
		$order = $this->again( $order );
		$shown = $this->printed( fn() => ( new Panel() )->show( $order ) );
		$this->assertStringContainsString( 'Check a prescription for this order', $shown );

		$wrong = $this->press( $order, 'check', array( 'elmed_prescription' => $made['reference'], 'elmed_date_of_birth' => '1901-01-01' ) );
		$this->assertStringContainsString( 'No prescription matches', $wrong );
		$this->assertSame( 'on-hold', $this->again( $order )->get_status() );
		$this->assertSame( array(), $this->reservations( $made ) );

		$this->press( $order, 'check', array( 'elmed_prescription' => $made['reference'], 'elmed_date_of_birth' => $made['date_of_birth'] ) );
		$order = $this->again( $order );
		$this->assertSame( array( 'processing', OrderState::RELEASED ), array( $order->get_status(), OrderState::release( $order ) ) );
		$this->assertSame( array( (string) $order->get_order_number() ), array_column( $this->reservations( $made ), 'order' ) );
	}

	public function test_an_issued_one_is_brought_here_by_staff(): void {
		$made  = Elmed::say( 'prescription', array( 'state' => 'issued' ) );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		$order->payment_complete();
		$proof = array( 'elmed_prescription' => $made['reference'], 'elmed_date_of_birth' => $made['date_of_birth'] );

		$this->assertStringContainsString( 'not with this pharmacy', $this->press( $order, 'check', $proof ) );
		$this->assertSame( 'Check pending.', $this->press( $order, 'check', $proof + array( 'elmed_send_here' => '1' ) ) );
		$this->assertSame( 'pending_review', Elmed::say( 'status', array( 'id' => $made['id'] ) )['status'] );
	}

	public function test_the_panel_list_and_slip_say_it_and_show_nothing_of_the_proof(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->sold( $made );
		$this->become( 'shop_manager' );
		$shown = $this->printed( fn() => ( new Panel() )->show( $order ) )
			. $this->printed( fn() => ( new ListColumn() )->show( 'elmed', $order ) )
			. $this->printed( fn() => PackingSlip::render( $order ) );

		$this->assertSame( 3, substr_count( $shown, '>Released: may be sent<' ) );
		foreach ( array( $made['reference'], $made['date_of_birth'], $made['patient'] ) as $secret ) {
			$this->assertStringNotContainsString( $secret, $shown );
		}
		$plain = $this->order( array( array( $this->cream, 1 ) ) );
		$this->assertStringContainsString( 'Nothing in this order needs a prescription', $this->printed( fn() => ( new Panel() )->show( $plain ) ) );
	}

	/** @dataProvider awaiting */
	public function test_one_that_is_not_paid_yet_is_not_said_to_be_sent( string $gateway ): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		$order->set_payment_method( $gateway );
		$order->save();
		OrderState::letThrough( $order, $this->ask( $order, $made ) );
		$said = 'Do not send: the prescription is checked, the payment is awaited';
		$this->assertSame( $said, Words::release( $this->again( $order ) ), 'before it is placed' );
		WC()->payment_gateways()->payment_gateways()[ $gateway ]->process_payment( $order->get_id() );
		$order = $this->again( $order );
		$this->assertSame( array( 'on-hold', $said ), array( $order->get_status(), Words::release( $order ) ) );
		$this->become( 'shop_manager' );
		$shown = $this->printed( fn() => ( new Panel() )->show( $order ) ) . $this->printed( fn() => ( new ListColumn() )->show( 'elmed', $order ) );
		$slip  = $this->printed( fn() => PackingSlip::render( $order ) );
		$this->assertStringNotContainsString( 'may be sent', $shown . $slip );
		$this->assertSame( 2, substr_count( $shown, ">$said<" ) );
		$this->assertStringContainsString( '"release no">' . $said, $slip );

		( new Confirm() )->run( $order->get_id() );
		$this->assertStringNotContainsString( 'may be sent', $this->notes( $this->again( $order ) ) );
		$this->again( $order )->payment_complete();
		$this->assertSame( 'Released: may be sent', Words::release( $this->again( $order ) ) );
	}

	public static function awaiting(): array {
		return array( 'bank transfer' => array( 'bacs' ), 'cheque' => array( 'cheque' ) );
	}

	public function test_what_is_paid_on_delivery_may_be_sent(): void {
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		OrderState::letThrough( $order, $this->ask( $order, Elmed::say( 'prescription' ) ) );
		WC()->payment_gateways()->payment_gateways()['cod']->process_payment( $order->get_id() );
		$order = $this->again( $order );
		$this->assertSame( array( 'processing', 'Released: may be sent' ), array( $order->get_status(), Words::release( $order ) ) );
	}

	public function test_an_order_that_is_off_is_never_to_be_sent(): void {
		$order = $this->sold( Elmed::say( 'prescription' ) );
		$order->update_status( 'refunded' );
		$order = $this->again( $order );

		$this->assertSame( 'Do not send: the order was cancelled, refunded or failed', Words::release( $order ) );
		$this->assertStringContainsString( 'release no', $this->printed( fn() => PackingSlip::render( $order ) ) );
		$this->assertStringContainsString( 'elmed-release-stopped', $this->printed( fn() => ( new ListColumn() )->show( 'elmed', $order ) ) );
	}

	public function test_nothing_of_it_shows_over_rest(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->sold( $made );
		$this->become( 'administrator' );
		$answer = rest_do_request( new \WP_REST_Request( 'GET', '/wc/v3/orders/' . $order->get_id() ) );

		$this->assertSame( 200, $answer->get_status() );
		$this->assertStringNotContainsString( 'elmed', wp_json_encode( $answer->get_data()['meta_data'] ) );
		$this->assertStringNotContainsString( $made['reference'], wp_json_encode( $answer->get_data() ) );
	}

	public function test_nothing_of_the_proof_is_kept_anywhere(): void {
		global $wpdb;
		$made  = Elmed::say( 'prescription' );
		$order = $this->sold( $made );
		foreach ( array( 'wc_orders_meta', 'postmeta', 'options', 'comments', 'woocommerce_sessions', 'actionscheduler_actions' ) as $table ) {
			$rows = wp_json_encode( $wpdb->get_results( "SELECT * FROM {$wpdb->prefix}$table" ) );
			foreach ( array( $made['reference'], $made['date_of_birth'], $made['patient'] ) as $secret ) {
				$this->assertStringNotContainsString( $secret, $rows, $table );
			}
		}
		$this->assertSame( array(), Attempt::ofOrder( $order )->load() );
	}

	public function test_mails_name_no_medicine(): void {
		$before = count( Site::mails() );
		WC()->mailer();
		$order = $this->complete( $this->sold( Elmed::say( 'prescription' ), 1, array( array( $this->cream, 1 ) ) ) );
		$order->update_status( 'refunded' );
		$mails = array_slice( Site::mails(), $before );

		$this->assertGreaterThanOrEqual( 3, count( $mails ) );
		$all = wp_json_encode( $mails );
		$this->assertStringNotContainsString( 'moxicillin', $all );
		$this->assertStringNotContainsString( $this->medicine_sku, $all );
		$this->assertStringContainsString( 'Prescription item', $all );
		$this->assertStringContainsString( 'Hand cream', $all );
		$item = current( $order->get_items() );
		$this->assertSame( 'Amoxicillin 500 mg capsules', $item->get_name(), 'on screens it has its name' );
	}

	public function test_a_stock_mail_names_no_medicine(): void {
		$before = count( Site::mails() );
		WC()->mailer()->low_stock( $this->medicine );
		WC()->mailer()->no_stock( $this->cream );
		$mails = wp_json_encode( array_slice( Site::mails(), $before ) );

		$this->assertStringNotContainsString( 'moxicillin', $mails );
		$this->assertStringContainsString( 'Hand cream', $mails );
	}

	public function test_the_five_minute_job_exists_as_soon_as_something_waits(): void {
		as_unschedule_all_actions( Jobs::WAITING );
		$this->sold( Elmed::say( 'prescription', array( 'state' => 'pending_review' ) ) );
		$this->assertTrue( as_has_scheduled_action( Jobs::WAITING ) );
	}
}
