<?php

/**
 * Hides express buttons (Apple Pay, Google Pay, PayPal …) where something on prescription would be bought with them:
 * they can leave out the fields that the check needs, and the shopper would be refused after confirming the payment.
 *
 * Registered by Plugin. This is courtesy; that such an order is refused is the gate's work (src/Gate). The hooks are those
 * of WooCommerce Stripe Gateway, WooPayments and WooCommerce PayPal Payments.
 */

namespace Elmed\WooCommerce\Sync;

use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Orders\OrderState;
use WC_Order;
use WC_Product;

final class ExpressButtons
{
    public function register(): void
    {
        // "Hide?" on the product's page.
        add_filter('wc_stripe_hide_payment_request_on_product_page', array($this, 'hideOnProduct'), 99, 2);
        add_filter('woocommerce_paypal_payments_product_buttons_disabled', array($this, 'hideOnProduct'), 99, 2);
        // "Does this product support them?"
        foreach (array('wcpay_payment_request_is_product_supported', 'wcpay_woopay_button_is_product_supported', 'woocommerce_paypal_payments_product_supports_payment_request_button') as $hook) {
            add_filter($hook, array($this, 'supportsProduct'), 99, 2);
        }
        // "Show them for this basket?"
        $hooks = array('wc_stripe_show_payment_request_on_cart', 'wc_stripe_show_payment_request_on_checkout', 'wcpay_payment_request_is_cart_supported', 'wcpay_platform_checkout_button_are_cart_items_supported');
        foreach ($hooks as $hook) {
            add_filter($hook, array($this, 'showForCart'), 99);
        }
        add_filter('woocommerce_paypal_payments_buttons_disabled', array($this, 'hidePayPal'), 99, 2);
        // In blocks PayPal asks no such question; but it can be paid with by the checkout's own button, which checks first.
        add_filter('woocommerce_paypal_payments_use_place_order_button', array($this, 'placeOrderInstead'), 99);
    }

    /**
     * @param mixed $hide
     * @param mixed $subject The product's post, or PayPal's context with the product in it.
     */
    public function hideOnProduct($hide, $subject = null): bool
    {
        return $hide || $this->needs($this->productOf($subject));
    }

    /**
     * @param mixed $supported
     * @param mixed $product
     */
    public function supportsProduct($supported, $product = null): bool
    {
        return $supported && !$this->needs($this->productOf($product));
    }

    /** @param mixed $show */
    public function showForCart($show): bool
    {
        return $show && !$this->cartNeeds() && !$this->paidOrderNeeds();
    }

    /** @param mixed $instead */
    public function placeOrderInstead($instead): bool
    {
        return $instead || $this->cartNeeds();
    }

    /**
     * The buttons on the checkout page itself stay: they run its checks before they open.
     *
     * @param mixed $disabled
     * @param mixed $context
     */
    public function hidePayPal($disabled, $context = ''): bool
    {
        return $disabled || (in_array($context, array('cart', 'cart-block', 'mini-cart'), true) && $this->cartNeeds());
    }

    /** @param mixed $subject */
    private function productOf($subject): ?WC_Product
    {
        if ($subject instanceof WC_Product) {
            return $subject;
        }
        if (is_array($subject)) {
            return $this->productOf($subject['product'] ?? null);
        }
        $found = $subject instanceof \WP_Post ? wc_get_product($subject) : ($GLOBALS['product'] ?? null);
        return $found instanceof WC_Product ? $found : null;
    }

    private function needs(?WC_Product $product): bool
    {
        if ($product === null) {
            return false;
        }
        if (ProductMeta::requiresPrescription($product)) {
            return true;
        }
        // A product with variations is sold by one of them.
        foreach ($product->is_type('variable') ? $product->get_children() : array() as $id) {
            $variation = wc_get_product($id);
            if ($variation instanceof WC_Product && ProductMeta::requiresPrescription($variation)) {
                return true;
            }
        }
        return false;
    }

    private function cartNeeds(): bool
    {
        try {
            foreach ($this->inCart() as $product) {
                if ($this->needs($product instanceof WC_Product ? $product : null)) {
                    return true;
                }
            }
        } catch (\Throwable $fault) {
            Log::fault($fault, 'express buttons');
            return true;
        }
        return false;
    }

    /** @return array<int, mixed> Products; from the session while a request is so young that the cart cannot be asked yet. */
    private function inCart(): array
    {
        $shop = function_exists('WC') ? WC() : null;
        if ($shop && $shop->cart && did_action('woocommerce_load_cart_from_session')) {
            return array_column($shop->cart->get_cart(), 'data');
        }
        if (!$shop || !$shop->session || !did_action('woocommerce_after_register_taxonomy')) {
            return array();
        }
        $lines = (array) $shop->session->get('cart', array());
        return array_map(static fn ($line) => wc_get_product((int) ($line['variation_id'] ?? 0) ?: (int) ($line['product_id'] ?? 0)), $lines);
    }

    /** On the page to pay for an order it is the order that counts; one that is checked may be paid in any way. */
    private function paidOrderNeeds(): bool
    {
        $order = is_wc_endpoint_url('order-pay') ? wc_get_order(absint(get_query_var('order-pay'))) : null;
        return $order instanceof WC_Order && !OrderState::isLetThrough($order) && OrderState::isOnPrescription($order);
    }
}
