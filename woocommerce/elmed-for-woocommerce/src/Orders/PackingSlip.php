<?php

/**
 * The packing slip: what goes into the parcel, and in large words whether it may be sent.
 *
 * A page of its own, opened from the order; also puts the words on the slips of PDF Invoices & Packing Slips. It asks
 * nothing of ELMED: the words are the order's.
 */

namespace Elmed\WooCommerce\Orders;

use WC_Order;

final class PackingSlip
{
    private const ACTION = 'elmed_packing_slip';

    public function register(): void
    {
        add_action('admin_post_' . self::ACTION, array($this, 'show'));
        add_action('wpo_wcpdf_before_order_data', array($this, 'onPdf'), 10, 2);
    }

    public static function url(WC_Order $order): string
    {
        $url = add_query_arg(array('action' => self::ACTION, 'order_id' => $order->get_id()), admin_url('admin-post.php'));
        return wp_nonce_url($url, self::ACTION . $order->get_id());
    }

    public function show(): void
    {
        $orderId = isset($_GET['order_id']) ? absint($_GET['order_id']) : 0; // phpcs:ignore WordPress.Security.NonceVerification -- checked next.
        check_admin_referer(self::ACTION . $orderId);
        $order = wc_get_order($orderId);
        if (!$order instanceof WC_Order || !current_user_can('edit_shop_orders')) {
            wp_die(esc_html__('You may not see this order.', 'elmed-for-woocommerce'), '', array('response' => 403));
        }
        nocache_headers();
        self::render($order);
        exit;
    }

    /**
     * @param mixed $type
     * @param mixed $order
     */
    public function onPdf($type, $order): void
    {
        $words = $type === 'packing-slip' && $order instanceof WC_Order ? Words::slip($order) : '';
        if ($words !== '') {
            printf('<tr class="elmed-release"><th>ELMED:</th><td><strong>%s</strong></td></tr>', esc_html($words));
        }
    }

    public static function render(WC_Order $order): void
    {
        require dirname(ELMED_WC_FILE) . '/templates/packing-slip.php';
    }
}
