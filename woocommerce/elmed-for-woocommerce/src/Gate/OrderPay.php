<?php

/**
 * The gate on the classic order-pay page, where an order made by staff, by a program or at an earlier try is paid.
 *
 * Answers `woocommerce_before_pay_action`: no checkout hook fires on that page. An error notice keeps the gateway from
 * being asked.
 */

namespace Elmed\WooCommerce\Gate;

use Elmed\WooCommerce\Log;
use WC_Order;

final class OrderPay
{
    public function register(): void
    {
        add_action('woocommerce_before_pay_action', array($this, 'validate'), 9999);
        add_action('woocommerce_after_pay_action', array($this, 'afterPay'));
    }

    public function validate(WC_Order $order): void
    {
        try {
            $lines = Basket::ofOrder($order);
            if (!$lines || wc_notice_count('error') > 0) {
                return;
            }
            // phpcs:ignore WordPress.Security.NonceVerification.Missing -- WooCommerce checked the pay form's nonce before this hook.
            $verdict = ExistingOrder::admit($order, $lines, Given::inForm(wp_unslash($_POST)));
        } catch (\Throwable $fault) {
            Log::fault($fault, 'order-pay');
            $verdict = Verdict::no('cannot_check');
        }
        if ($verdict->refused()) {
            wc_add_notice(esc_html(Messages::of($verdict)), 'error');
        }
    }

    /** The gateway came back without success. */
    public function afterPay(): void
    {
        if (wc_notice_count('error') > 0) {
            Outcome::drop();
        }
    }
}
