<?php
/**
 * One shopper tries twice: nobody stands in their own way, and nothing stays reserved for an order that did not come about.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Gate\Attempt;
use Elmed\WooCommerce\Gate\Calls;
use Elmed\WooCommerce\Gate\ClassicCheckout;
use Elmed\WooCommerce\Gate\Outcome;
use Elmed\WooCommerce\Gate\Verdict;
use Elmed\WooCommerce\Orders\Jobs;
use Elmed\WooCommerce\Orders\OrderState;

require_once __DIR__ . '/OrdersCase.php';

final class GateAttemptTest extends OrdersCase {

	protected function setUp(): void {
		parent::setUp();
		// What it hooks when it first answers goes with the test it first answered in.
		$GLOBALS['wp_rest_server'] = null;
		WC()->session = null;
		WC()->cart    = null;
		wc_load_cart();
		WC()->cart->empty_cart();
	}

	protected function tearDown(): void {
		Outcome::drop();
		wc_clear_notices();
		parent::tearDown();
	}

	public function test_the_same_try_again_reuses_the_reservation(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		$first = $this->ask( $order, $made );
		$calls = Elmed::calls( fn() => $this->ask( $order, $made ) );

		$this->assertSame( Verdict::ADMITTED, $first->result );
		$this->assertSame( array( 'GET' ), array_column( $calls, 'method' ) );
		$this->assertCount( 1, $this->reservations( $made ) );
	}

	public function test_another_quantity_frees_the_first_reservation(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		$this->ask( $order, $made );
		foreach ( $order->get_items() as $item ) {
			$item->set_quantity( 2 );
			$item->save();
		}
		$verdict = $this->ask( wc_get_order( $order->get_id() ), $made );

		$this->assertSame( Verdict::ADMITTED, $verdict->result );
		$this->assertSame( array( 'released', '' ), array_map( 'strval', array_column( $this->reservations( $made ), 'freed' ) ) );
	}

	public function test_a_lost_answer_reserves_once(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		Elmed::say( 'weather', array( 'lose_answers' => 1, 'only' => '/check' ) );

		$this->assertSame( 'unreachable', $this->ask( $order, $made )->reason );
		$this->assertSame( Verdict::ADMITTED, $this->ask( $order, $made )->result );
		$this->assertCount( 1, $this->reservations( $made ) );
	}

	public function test_a_slow_elmed_costs_five_seconds_and_is_a_no(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		Elmed::say( 'weather', array( 'delay' => 8 ) );
		$began   = microtime( true );
		$verdict = $this->ask( $order, $made );

		$this->assertSame( 'unreachable', $verdict->reason );
		$this->assertLessThan( 5.6, microtime( true ) - $began );
		$this->assertStringContainsString( 'nothing was charged', \Elmed\WooCommerce\Gate\Messages::of( $verdict ) );
	}

	public function test_waiting_is_a_setting(): void {
		update_option( 'elmed_waiting_orders', 'no' );
		$made    = Elmed::say( 'prescription', array( 'state' => 'pending_review' ) );
		$verdict = $this->ask( $this->order( array( array( $this->medicine, 3 ) ) ), $made );

		$this->assertSame( 'awaiting_pharmacist', $verdict->reason );
		$this->assertSame( array( 'released' ), array_column( $this->reservations( $made ), 'freed' ), 'nothing stays reserved' );

		$made    = Elmed::say( 'prescription', array( 'state' => 'issued' ) );
		$verdict = $this->ask( $this->order( array( array( $this->medicine, 3 ) ) ), $made, true );
		$this->assertSame( 'sent_now_wait', $verdict->reason );
		$this->assertSame( 'pending_review', Elmed::say( 'status', array( 'id' => $made['id'] ) )['status'] );
	}

	public function test_held_elsewhere_cannot_be_sent_here(): void {
		$made = Elmed::say( 'prescription', array( 'state' => 'elsewhere' ) );
		$this->assertSame( 'held_elsewhere', $this->ask( $this->order( array( array( $this->medicine, 3 ) ) ), $made, true )->reason );
	}

	public function test_a_locked_reference_is_told(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		$seen  = array();
		for ( $try = 0; $try < 6; $try++ ) {
			$seen[] = $this->ask( $order, array( 'date_of_birth' => '1901-01-01' ) + $made )->reason;
		}
		$this->assertSame( 'reference_locked', end( $seen ) );
		$this->assertSame( 'reference_locked', $this->ask( $order, $made )->reason, 'also with the right date' );
		$this->assertSame( array(), $this->reservations( $made ) );
	}

	public function test_a_key_that_elmed_refuses_sells_nothing(): void {
		update_option( 'elmed_api_key', 'elm_' . str_repeat( '0', 64 ), false );
		$made = Elmed::say( 'prescription' );
		$this->assertSame( 'cannot_check', $this->ask( $this->order( array( array( $this->medicine, 3 ) ) ), $made )->reason );
		delete_option( 'elmed_api_key' );
		$this->assertSame( 'cannot_check', $this->ask( $this->order( array( array( $this->medicine, 3 ) ) ), $made )->reason );
	}

	public function test_a_product_that_elmed_does_not_know_is_not_sold_on_prescription(): void {
		$this->medicine->delete_meta_data( '_elmed_sku' );
		$this->medicine->save();
		$made  = Elmed::say( 'prescription' );
		$calls = Elmed::calls( fn() => $this->assertSame( 'not_sold_here', $this->ask( $this->order( array( array( $this->medicine, 3 ) ) ), $made )->reason ) );
		$this->assertSame( array(), $calls );
	}

	public function test_a_block_checkout_whose_payment_fails_gives_the_reservation_back(): void {
		$made   = Elmed::say( 'prescription' );
		$failed = static function () {
			throw new \Exception( 'The card was declined.' );
		};
		add_action( 'woocommerce_rest_checkout_process_payment_with_context', $failed, 1 );
		$answer = $this->placeByBlocks( $made );
		remove_action( 'woocommerce_rest_checkout_process_payment_with_context', $failed, 1 );

		$this->assertSame( 400, $answer->get_status(), wp_json_encode( $answer->get_data() ) );
		$this->assertSame( array( 'released' ), array_column( $this->reservations( $made ), 'freed' ) );
		$order = wc_get_order( WC()->session->get( 'store_api_draft_order' ) );
		$this->assertSame( OrderState::PENDING, OrderState::release( $order ) );

		$again = $this->placeByBlocks( $made );
		$this->assertSame( 200, $again->get_status(), wp_json_encode( $again->get_data() ) );
		$this->assertSame( OrderState::RELEASED, OrderState::release( wc_get_order( $order->get_id() ) ) );
		$this->assertSame( 'processing', wc_get_order( $order->get_id() )->get_status() );
		$this->assertSame( array( 'released', '' ), array_map( 'strval', array_column( $this->reservations( $made ), 'freed' ) ) );
	}

	public function test_an_order_placed_and_not_paid_does_not_block_the_next_try(): void {
		$made = Elmed::say( 'prescription' );
		$old  = $this->order( array( array( $this->medicine, 3 ) ) );
		$verdict = $this->ask( $old, $made );
		Outcome::begin( $verdict, Attempt::ofOrder( $old ), new Calls(), $old );
		Outcome::keep();
		$this->work( Jobs::CONFIRM, array( $old->get_id() ) );

		$answer = $this->placeByBlocks( $made );

		$this->assertSame( 200, $answer->get_status(), wp_json_encode( $answer->get_data() ) );
		$this->assertNotSame( $old->get_id(), $answer->get_data()['order_id'] );
		$this->assertSame( OrderState::PENDING, OrderState::release( $this->again( $old ) ) );
		$this->assertSame( array( 'released', '' ), array_map( 'strval', array_column( $this->reservations( $made ), 'freed' ) ) );
	}

	public function test_the_block_checkout_saves_nothing_while_the_shopper_types_and_asks_nothing(): void {
		global $wpdb;
		WC()->cart->add_to_cart( $this->medicine->get_id(), 1 );
		$calls = Elmed::calls(
			function () {
				$answer = $this->store( 'PUT', array( 'additional_fields' => array( 'elmed/prescription' => 'SECRET-REF', 'elmed/date-of-birth' => '1957-08-23' ) ) );
				$this->assertSame( 200, $answer->get_status(), wp_json_encode( $answer->get_data() ) );
				$this->assertSame( 'SECRET-REF', ( (array) $answer->get_data()['additional_fields'] )['elmed/prescription'], 'what was typed stays in the field' );
			}
		);
		$this->assertSame( array(), $calls );
		WC()->session->save_data();
		foreach ( array( 'wc_orders_meta', 'usermeta', 'woocommerce_sessions' ) as $table ) {
			$this->assertStringNotContainsString( 'SECRET-REF', wp_json_encode( $wpdb->get_results( "SELECT * FROM {$wpdb->prefix}$table" ) ), $table );
		}
	}

	public function test_the_fields_belong_to_baskets_that_need_them(): void {
		WC()->cart->add_to_cart( $this->cream->get_id(), 1 );
		$this->assertArrayNotHasKey( 'elmed', apply_filters( 'woocommerce_checkout_fields', array() ) );
		$this->assertFalse( $this->cartSays() );
		WC()->cart->add_to_cart( $this->medicine->get_id(), 1 );
		$this->assertArrayHasKey( 'elmed', apply_filters( 'woocommerce_checkout_fields', array() ) );
		$this->assertTrue( $this->cartSays() );
	}

	public function test_orders_placed_by_blocks_show_none_of_the_fields_in_mails_and_pages(): void {
		$made   = Elmed::say( 'prescription' );
		$before = count( Site::mails() );
		$answer = $this->placeByBlocks( $made );
		$this->assertSame( 200, $answer->get_status(), wp_json_encode( $answer->get_data() ) );
		WC()->cart->empty_cart();
		WC()->cart->add_to_cart( $this->cream->get_id(), 1 );
		$plain = $this->placeByBlocks( array( 'reference' => '', 'date_of_birth' => '' ) );
		$this->assertSame( 200, $plain->get_status(), wp_json_encode( $plain->get_data() ) );

		$shown = wp_json_encode( array_slice( Site::mails(), $before ) );
		foreach ( array( $answer, $plain ) as $one ) {
			$order  = wc_get_order( $one->get_data()['order_id'] );
			$shown .= $this->printed( fn() => do_action( 'woocommerce_order_details_after_customer_details', $order ) );
			$shown .= wp_json_encode( apply_filters( 'woocommerce_admin_shipping_fields', array(), $order, 'edit' ) );
		}
		$this->assertStringContainsString( 'Ann', $shown );
		foreach ( array( 'Additional information', 'Prescription is with', 'Prescription reference', $made['reference'], $made['date_of_birth'] ) as $words ) {
			$this->assertStringNotContainsString( $words, $shown );
		}
	}

	public function test_a_classic_checkout_that_fails_after_the_gate_gives_the_reservation_back(): void {
		$made = Elmed::say( 'prescription' );
		WC()->cart->add_to_cart( $this->medicine->get_id(), 1 );
		$errors = new \WP_Error();
		( new ClassicCheckout() )->validate( array( 'elmed_prescription' => $made['reference'], 'elmed_date_of_birth' => $made['date_of_birth'] ), $errors );
		$this->assertSame( array(), $errors->get_error_messages() );
		$this->assertCount( 1, $this->reservations( $made ) );

		( new Outcome() )->afterAll();

		$this->assertSame( array( 'released' ), array_column( $this->reservations( $made ), 'freed' ) );
		$this->assertSame( array(), Attempt::ofSession()->load() );
	}

	public function test_what_somebody_else_refuses_is_not_asked_about(): void {
		$made = Elmed::say( 'prescription' );
		WC()->cart->add_to_cart( $this->medicine->get_id(), 1 );
		$errors = new \WP_Error( 'terms', 'Please accept the terms.' );
		$posted = array( 'elmed_prescription' => $made['reference'], 'elmed_date_of_birth' => $made['date_of_birth'] );
		$calls  = Elmed::calls( fn() => ( new ClassicCheckout() )->validate( $posted, $errors ) );
		$this->assertSame( array(), $calls );
	}

	private function cartSays(): bool {
		$answer = rest_do_request( new \WP_REST_Request( 'GET', '/wc/store/v1/cart' ) );
		return ( (array) ( (array) $answer->get_data()['extensions'] )['elmed'] )['needs_prescription'];
	}

	private function placeByBlocks( array $made ): \WP_REST_Response {
		if ( WC()->cart->is_empty() ) {
			WC()->cart->add_to_cart( $this->medicine->get_id(), 3 );
		}
		$address = array( 'first_name' => 'Ann', 'last_name' => 'Shopper', 'address_1' => '1 High Street', 'city' => 'London', 'postcode' => 'SW1A 1AA', 'country' => 'GB', 'phone' => '02079460000' );
		return $this->store(
			'POST',
			array(
				'billing_address'   => $address + array( 'email' => 'ann@example.org' ),
				'shipping_address'  => $address,
				'payment_method'    => 'cod',
				'additional_fields' => array( 'elmed/prescription' => $made['reference'], 'elmed/date-of-birth' => $made['date_of_birth'] ),
			)
		);
	}

	private function store( string $method, array $body ): \WP_REST_Response {
		$request = new \WP_REST_Request( $method, '/wc/store/v1/checkout' );
		$request->set_header( 'Content-Type', 'application/json' );
		$request->set_header( 'Nonce', wp_create_nonce( 'wc_store_api' ) );
		$request->set_body( wp_json_encode( $body ) );
		return rest_do_request( $request );
	}
}
