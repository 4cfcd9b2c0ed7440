<?php
/**
 * An order whose product is not in the shop any more: what it was ordered as is remembered, and nothing gets past the check.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Gate\ItemMark;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\Report;
use Elmed\WooCommerce\Orders\Words;

require_once __DIR__ . '/OrdersCase.php';

final class OrdersGoneTest extends OrdersCase {

	/** @dataProvider makers */
	public function test_an_unchecked_order_whose_medicine_was_deleted_waits_when_it_is_paid( string $how ): void {
		$order = 'rest' === $how ? $this->overRest() : $this->order( array( array( $this->medicine, 3 ) ) );
		$this->remove( $this->medicine );
		$this->again( $order )->payment_complete();

		$order = $this->again( $order );
		$this->assertSame( array( 'on-hold', OrderState::PENDING, 'Check pending' ), array( $order->get_status(), OrderState::release( $order ), Words::release( $order ) ) );
	}

	public static function makers(): array {
		return array( 'wp-admin' => array( 'php' ), 'REST' => array( 'rest' ) );
	}

	public function test_and_no_check_lets_it_through(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		$this->remove( $this->medicine );
		$order = $this->again( $order );
		$calls = Elmed::calls( fn() => $this->assertSame( 'not_sold_here', $this->ask( $order, $made )->reason ) );

		$this->assertSame( array(), array_filter( $calls, static fn( $call ) => 'POST' === $call['method'] ) );
		$this->assertSame( array(), $this->reservations( $made ) );
	}

	public function test_a_checked_one_is_packed_before_it_is_completed(): void {
		$made  = Elmed::say( 'prescription' );
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		OrderState::letThrough( $order, $this->ask( $order, $made ) );
		$this->remove( $this->medicine );
		$this->again( $order )->payment_complete();

		$order = $this->again( $order );
		$this->assertSame( array( 'processing', OrderState::RELEASED ), array( $order->get_status(), OrderState::release( $order ) ) );
		$this->assertSame( '', Report::ofDispense()->state( $order ) );
	}

	public function test_an_ordinary_product_that_was_deleted_holds_nothing_up(): void {
		$order = $this->order( array( array( $this->cream, 1 ) ) );
		$this->remove( $this->cream );
		$this->again( $order )->payment_complete();

		$this->assertSame( 'completed', $this->again( $order )->get_status() );
		$this->assertSame( OrderState::NONE, OrderState::release( $this->again( $order ) ) );
	}

	public function test_a_mail_names_no_medicine_whose_product_is_gone(): void {
		$order = $this->order( array( array( $this->medicine, 3 ), array( $this->cream, 1 ) ), 'on-hold' );
		$this->remove( $this->medicine );
		$order = $this->again( $order );
		$mail  = $this->printed( static fn() => do_action( 'woocommerce_email_order_details', $order, false, true, null ) );

		$this->assertStringContainsString( 'Prescription item', $mail );
		$this->assertStringContainsString( $this->cream->get_name(), $mail );
		$this->assertStringNotContainsString( 'moxicillin', $mail );
		$this->assertStringNotContainsString( $this->medicine_sku, $mail );
	}

	public function test_the_mark_shows_neither_on_the_order_page_nor_over_rest(): void {
		$order = $this->order( array( array( $this->medicine, 3 ) ) );
		$item  = current( $order->get_items() );
		$this->assertSame( 'yes', $item->get_meta( ItemMark::META ) );
		$this->assertContains( ItemMark::META, apply_filters( 'woocommerce_hidden_order_itemmeta', array() ) );

		$this->become( 'administrator' );
		$answer = rest_do_request( new \WP_REST_Request( 'GET', '/wc/v3/orders/' . $order->get_id() ) );
		$this->assertSame( $this->medicine_sku, $answer->get_data()['line_items'][0]['sku'] );
		$this->assertStringNotContainsString( '_elmed_', wp_json_encode( $answer->get_data() ) );
	}

	private function overRest(): \WC_Order {
		$this->become( 'administrator' );
		$request = new \WP_REST_Request( 'POST', '/wc/v3/orders' );
		$request->set_body_params( array( 'line_items' => array( array( 'product_id' => $this->medicine->get_id(), 'quantity' => 3 ) ) ) );
		return wc_get_order( rest_do_request( $request )->get_data()['id'] );
	}

	private function remove( \WC_Product $product ): void {
		wp_delete_post( $product->get_id(), true );
		wp_cache_flush();
	}
}
