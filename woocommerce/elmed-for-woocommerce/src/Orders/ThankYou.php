<?php

/**
 * Tells the shopper on the page after the order that a pharmacist still has to check it.
 */

namespace Elmed\WooCommerce\Orders;

use WC_Order;

final class ThankYou
{
    public function register(): void
    {
        add_filter('woocommerce_thankyou_order_received_text', array($this, 'text'), 20, 2);
    }

    /**
     * @param mixed $text
     * @param mixed $order
     * @return mixed
     */
    public function text($text, $order)
    {
        if ($order instanceof WC_Order && OrderState::release($order) === OrderState::WAITING) {
            return $text . ' ' . esc_html(Mails::waitingText());
        }
        return $text;
    }
}
