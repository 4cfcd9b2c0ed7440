<?php

/**
 * Marks the orders that somebody has to look at, and says so in wp-admin until they are settled.
 *
 * `refresh` is called by whatever changes an order's state; the notice is shown to those who may edit orders.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Gate\Statuses;
use Elmed\WooCommerce\Log;
use WC_Order;

final class Alerts
{
    private const SHOWN = 20;

    public function register(): void
    {
        add_action('admin_notices', array($this, 'show'));
    }

    public static function refresh(WC_Order $order): void
    {
        OrderState::set($order, array(OrderState::ALERT => self::reason($order) === '' ? '' : 'yes'));
    }

    /** Why somebody has to look at it; "" when nobody has to. */
    public static function reason(WC_Order $order): string
    {
        foreach (array(Report::ofDispense(), Report::ofSale()) as $report) {
            if (in_array($report->state($order), array(Report::REFUSED, Report::ATTENTION), true)) {
                return Words::reason((string) ($report->job($order)['reason'] ?? ''));
            }
        }
        if (Refunds::open($order)) {
            return __('refunded after the dispense: did the parcel come back?', 'elmed-for-woocommerce');
        }
        $report = Report::ofDispense()->state($order);
        $stopped = in_array(OrderState::word($order, OrderState::RELEASE), array(OrderState::STOPPED, OrderState::HELD), true);
        // Taken back while it is completed: the rest of the order was handed over, and this was settled.
        $settled = $report === Report::DONE || ($report === Report::REVERSED && $order->has_status('completed'));
        if ($stopped && $order->has_status(array_merge(array('pending', 'on-hold', 'completed'), Statuses::thatMayShip())) && !$settled) {
            return Words::release($order);
        }
        if ($report === Report::DONE && $order->has_status('completed') && OrderState::release($order) === OrderState::PENDING) {
            return Words::reason('more_than_reported');
        }
        if (OrderState::release($order) === OrderState::WAITING && $order->has_status('completed') && !Report::ofDispense()->isOver($order)) {
            return Words::reason('unverified');
        }
        return '';
    }

    public function show(): void
    {
        try {
            if (current_user_can('edit_shop_orders') && self::isShopScreen()) {
                self::print(Tally::alerts(self::SHOWN + 1));
            }
        } catch (\Throwable $fault) {
            Log::fault($fault, 'alerts');
        }
    }

    /** @param WC_Order[] $orders */
    private static function print(array $orders): void
    {
        if (!$orders) {
            return;
        }
        echo '<div class="notice notice-error elmed-alerts"><p><strong>';
        esc_html_e('ELMED: these orders need you.', 'elmed-for-woocommerce');
        echo '</strong></p><ul>';
        foreach (array_slice($orders, 0, self::SHOWN) as $order) {
            $reason = self::reason($order);
            printf('<li><a href="%s">#%s</a>: %s</li>', esc_url($order->get_edit_order_url()), esc_html($order->get_order_number()), esc_html($reason));
        }
        if (count($orders) > self::SHOWN) {
            echo '<li>' . esc_html__('There are more; these are the newest.', 'elmed-for-woocommerce') . '</li>';
        }
        echo '</ul></div>';
    }

    private static function isShopScreen(): bool
    {
        $screen = function_exists('get_current_screen') ? get_current_screen() : null;
        $id = $screen ? $screen->id : '';
        return in_array($id, array('dashboard', 'edit-shop_order', wc_get_page_screen_id('shop-order')), true) || strpos($id, 'elmed') !== false;
    }
}
