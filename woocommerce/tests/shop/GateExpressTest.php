<?php
/**
 * Express buttons are asked for, with the filters that the payment plugins fire, and are not there for what needs a
 * prescription; ordinary baskets keep them.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Orders\OrderState;

require_once __DIR__ . '/OrdersCase.php';

final class GateExpressTest extends OrdersCase {

	/** Filter, what it is when the button is there, further arguments. */
	private const FOR_CART = array(
		array( 'wc_stripe_show_payment_request_on_cart', true ),
		array( 'wc_stripe_show_payment_request_on_checkout', true, null ),
		array( 'wcpay_payment_request_is_cart_supported', true, null ),
		array( 'wcpay_platform_checkout_button_are_cart_items_supported', true ),
		array( 'woocommerce_paypal_payments_buttons_disabled', false, 'cart' ),
		array( 'woocommerce_paypal_payments_buttons_disabled', false, 'mini-cart' ),
		array( 'woocommerce_paypal_payments_use_place_order_button', false ),
	);

	protected function setUp(): void {
		parent::setUp();
		WC()->session = null;
		WC()->cart    = null;
		wc_load_cart();
		WC()->cart->empty_cart();
	}

	public function test_a_basket_on_prescription_has_none(): void {
		WC()->cart->add_to_cart( $this->cream->get_id(), 1 );
		foreach ( self::FOR_CART as $asked ) {
			$this->assertSame( $asked[1], apply_filters( ...$asked ), $asked[0] );
		}
		WC()->cart->add_to_cart( $this->medicine->get_id(), 1 );
		foreach ( self::FOR_CART as $asked ) {
			$this->assertSame( ! $asked[1], apply_filters( ...$asked ), $asked[0] );
		}
		$this->assertFalse( apply_filters( 'woocommerce_paypal_payments_buttons_disabled', false, 'checkout' ), 'it checks before it opens' );
	}

	public function test_a_product_on_prescription_has_none(): void {
		foreach ( array( 'wcpay_payment_request_is_product_supported', 'wcpay_woopay_button_is_product_supported', 'woocommerce_paypal_payments_product_supports_payment_request_button' ) as $filter ) {
			$this->assertSame( array( true, false ), array( apply_filters( $filter, true, $this->cream ), apply_filters( $filter, true, $this->medicine ) ), $filter );
		}
		$post = static fn( $product ) => get_post( $product->get_id() );
		$this->assertTrue( apply_filters( 'wc_stripe_hide_payment_request_on_product_page', false, $post( $this->medicine ) ) );
		$this->assertFalse( apply_filters( 'wc_stripe_hide_payment_request_on_product_page', false, $post( $this->cream ) ) );
		$this->assertTrue( apply_filters( 'woocommerce_paypal_payments_product_buttons_disabled', false, array( 'product' => $this->medicine ) ) );
		$this->assertFalse( apply_filters( 'woocommerce_paypal_payments_product_buttons_disabled', false, array( 'product' => $this->cream ) ) );
	}

	public function test_asked_before_the_cart_is_read_it_looks_into_the_session_and_is_not_in_its_way(): void {
		global $wp_actions;
		$done = $wp_actions['woocommerce_load_cart_from_session'] ?? null;
		unset( $wp_actions['woocommerce_load_cart_from_session'] );
		$said = array();
		foreach ( array( $this->cream, $this->medicine ) as $product ) {
			WC()->session->set( 'cart', array( 'x' => array( 'product_id' => $product->get_id(), 'variation_id' => 0, 'quantity' => 1 ) ) );
			$said[] = apply_filters( 'woocommerce_paypal_payments_use_place_order_button', false );
		}
		$read = did_action( 'woocommerce_load_cart_from_session' );
		$wp_actions['woocommerce_load_cart_from_session'] = $done;
		$this->assertSame( array( false, true, 0 ), array( $said[0], $said[1], $read ) );
	}

	public function test_an_order_to_pay_for_has_them_once_it_is_checked(): void {
		$waits = $this->order( array( array( $this->medicine, 3 ) ) );
		$plain = $this->order( array( array( $this->cream, 1 ) ) );
		$made  = Elmed::say( 'prescription' );
		$sold  = $this->order( array( array( $this->medicine, 3 ) ) );
		OrderState::letThrough( $sold, $this->ask( $sold, $made ) );
		$said = array();
		foreach ( array( $waits, $plain, $sold ) as $order ) {
			$GLOBALS['wp']->query_vars['order-pay'] = $order->get_id();
			set_query_var( 'order-pay', $order->get_id() );
			set_query_var( 'page_id', wc_get_page_id( 'checkout' ) );
			$GLOBALS['wp_query']->is_page        = true;
			$GLOBALS['wp_query']->queried_object = get_post( wc_get_page_id( 'checkout' ) );
			$GLOBALS['wp_query']->queried_object_id = wc_get_page_id( 'checkout' );
			$said[] = apply_filters( 'wc_stripe_show_payment_request_on_checkout', true, null );
		}
		unset( $GLOBALS['wp']->query_vars['order-pay'] );
		$GLOBALS['wp_query'] = new \WP_Query();
		$this->assertSame( array( false, true, true ), $said );
	}

	public function test_no_kind_of_copy_of_a_subscription_carries_a_check(): void {
		$data = array( '_elmed_record' => 'x', '_wc_other/elmed/prescription' => 'y', '_billing_city' => 'Bath' );
		$this->assertSame( array( '_billing_city' => 'Bath' ), apply_filters( 'wc_subscriptions_object_data', $data, null, null, 'renewal_order' ) );
	}
}
