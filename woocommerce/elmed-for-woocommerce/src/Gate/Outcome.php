<?php

/**
 * What this request has reserved, and whether its order came about.
 *
 * The gate's paths begin it after a yes. When the order is placed it is kept, and the reservation will be confirmed
 * (Orders\Confirm); when the checkout fails afterwards the reservation is given back, so that none is left behind.
 */

namespace Elmed\WooCommerce\Gate;

use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Orders\Cancellation;
use Elmed\WooCommerce\Orders\Carried;
use Elmed\WooCommerce\Orders\Carrier;
use Elmed\WooCommerce\Orders\Confirm;
use Elmed\WooCommerce\Orders\OrderState;
use WC_Order;

final class Outcome
{
    private static ?Verdict $verdict = null;
    private static ?Attempt $attempt = null;
    /** With what the check has left of the shopper's five seconds. */
    private static ?Calls $calls = null;
    private static ?int $orderId = null;
    /** Whether the end of a Store API request decides, and not the end of the page. */
    private static bool $ofRequest = false;

    public function register(): void
    {
        add_filter('rest_request_after_callbacks', array($this, 'afterRequest'), 999, 3);
        add_filter('woocommerce_payment_successful_result', array($this, 'afterPayment'), 999, 2);
        add_filter('woocommerce_checkout_no_payment_needed_redirect', array($this, 'afterPayment'), 999, 2);
        add_action('shutdown', array($this, 'afterAll'), 5);
    }

    /** The gate said yes; `$order` where there is one already. */
    public static function begin(Verdict $verdict, Attempt $attempt, Calls $calls, ?WC_Order $order = null, bool $ofRequest = false): void
    {
        self::$verdict = $verdict;
        self::$attempt = $attempt;
        self::$calls = $calls;
        self::$orderId = null;
        self::$ofRequest = $ofRequest;
        if ($order) {
            self::attach($order);
        }
    }

    /**
     * The order is there: it keeps what the gate said.
     *
     * @throws Carried When another order has taken the reservation meanwhile, which is left to it.
     */
    public static function attach(WC_Order $order): void
    {
        if (!self::$verdict) {
            return;
        }
        try {
            Carrier::take($order, self::$verdict);
            self::$orderId = $order->get_id();
            Turn::end();
        } catch (Carried $taken) {
            self::$attempt && self::$attempt->forget();
            self::reset();
            throw $taken;
        }
    }

    /** The order is placed. */
    public static function keep(): void
    {
        if (self::$verdict && self::$attempt && self::$orderId) {
            self::$attempt->forget();
            EarlierOrder::remember(self::$orderId);
            Confirm::soon(self::$orderId);
        }
        self::reset();
    }

    /** The checkout failed: what was reserved is given back, and the order does not carry it any longer. */
    public static function drop(): void
    {
        $reservation = self::$verdict ? self::$verdict->reservationId() : null;
        if ($reservation !== null && self::$attempt) {
            self::$attempt->forget();
            $order = self::$orderId ? wc_get_order(self::$orderId) : null;
            if ($order instanceof WC_Order) {
                OrderState::forget($order);
            }
            self::release($reservation, self::$calls ?? new Calls());
        }
        self::reset();
    }

    /**
     * The end of a Store API request (the block checkout, its order-pay, or another of its kind).
     *
     * @param mixed $response
     * @param mixed $handler
     * @param mixed $request
     * @return mixed
     */
    public function afterRequest($response, $handler = null, $request = null)
    {
        $route = $request instanceof \WP_REST_Request ? $request->get_route() : '';
        // A gateway may ask the shop itself something meanwhile; only the checkout's own end counts.
        if (self::$verdict && self::$ofRequest && strpos($route, 'checkout') !== false) {
            $failed = is_wp_error($response) || ($response instanceof \WP_HTTP_Response && $response->get_status() >= 400);
            self::safely($failed ? 'drop' : 'keep');
        }
        return $response;
    }

    /**
     * @param mixed $result
     * @return mixed
     */
    public function afterPayment($result)
    {
        self::safely('keep');
        return $result;
    }

    /** The end of a classic checkout; a gateway may have ended the request by itself after it was paid. */
    public function afterAll(): void
    {
        if (!self::$verdict) {
            return;
        }
        $order = self::$orderId ? wc_get_order(self::$orderId) : null;
        $placed = $order instanceof WC_Order && $order->has_status(array('processing', 'on-hold', 'completed'));
        self::safely($placed ? 'keep' : 'drop');
    }

    private static function safely(string $what): void
    {
        try {
            $what === 'keep' ? self::keep() : self::drop();
        } catch (\Throwable $fault) {
            Log::fault($fault, 'outcome');
        }
    }

    private static function release(int $reservation, Calls $calls): void
    {
        try {
            $calls->release($reservation);
        } catch (Unanswered $unanswered) {
            Cancellation::freeLater($reservation);
        }
    }

    private static function reset(): void
    {
        self::$verdict = null;
        self::$attempt = null;
        self::$calls = null;
        self::$orderId = null;
        self::$ofRequest = false;
        Turn::end();
    }
}
