<?php

/**
 * Moves a paid order on once it is released: to the status that it would have had without the check.
 *
 * Used by Orders\Waiting and Orders\Panel. An order that is on-hold for its payment (bank transfer, cheque) stays so.
 */

namespace Elmed\WooCommerce\Orders;

use WC_Order;

final class Progress
{
    public static function afterRelease(WC_Order $order): void
    {
        $after = OrderState::word($order, OrderState::STATUS_AFTER);
        if ($after === '' || !$order->has_status('on-hold')) {
            return;
        }
        OrderState::set($order, array(OrderState::STATUS_AFTER => ''));
        // What would have been completed at once is packed by people first.
        $order->update_status($after === 'completed' ? 'processing' : $after, __('ELMED: released.', 'elmed-for-woocommerce'));
    }
}
