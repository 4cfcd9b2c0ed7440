<?php

/**
 * The column "ELMED" of the order list: may this order be sent?
 *
 * Both lists, with orders in their own tables and in posts.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Log;
use WC_Order;

final class ListColumn
{
    private const NAME = 'elmed';

    public function register(): void
    {
        add_filter('manage_edit-shop_order_columns', array($this, 'add'), 20);
        add_filter('manage_woocommerce_page_wc-orders_columns', array($this, 'add'), 20);
        add_action('manage_shop_order_posts_custom_column', array($this, 'show'), 10, 2);
        add_action('manage_woocommerce_page_wc-orders_custom_column', array($this, 'show'), 10, 2);
        add_action('admin_enqueue_scripts', array($this, 'style'));
    }

    /**
     * After the status, where those who pack look.
     *
     * @param mixed $columns
     * @return mixed
     */
    public function add($columns)
    {
        if (!is_array($columns)) {
            return $columns;
        }
        $with = array();
        foreach ($columns as $name => $title) {
            $with[$name] = $title;
            if ($name === 'order_status') {
                $with[self::NAME] = __('ELMED', 'elmed-for-woocommerce');
            }
        }
        return $with + array(self::NAME => __('ELMED', 'elmed-for-woocommerce'));
    }

    /**
     * @param mixed $column
     * @param mixed $order The order, or its id in the list of posts.
     */
    public function show($column, $order): void
    {
        if ($column !== self::NAME) {
            return;
        }
        try {
            $order = $order instanceof WC_Order ? $order : wc_get_order($order);
            if ($order instanceof WC_Order) {
                echo wp_kses_post(self::html($order));
            }
        } catch (\Throwable $fault) {
            Log::fault($fault, 'order list');
            esc_html_e('Check pending', 'elmed-for-woocommerce');
        }
    }

    /** The words with a colour of their own; the words alone say it all. */
    public static function html(WC_Order $order): string
    {
        $release = OrderState::toPack($order);
        if ($release === OrderState::NONE) {
            return '<span aria-hidden="true">–</span>';
        }
        $html = sprintf('<span class="elmed-release elmed-release-%s">%s</span>', esc_attr($release), esc_html(Words::release($order)));
        $dispense = Words::dispense(Report::ofDispense()->state($order));
        return $dispense === '' || $release === OrderState::SENT ? $html : $html . '<br><small>' . esc_html($dispense) . '</small>';
    }

    public function style(): void
    {
        $screen = get_current_screen();
        if ($screen && in_array($screen->id, array('edit-shop_order', 'shop_order', wc_get_page_screen_id('shop-order')), true)) {
            wp_enqueue_style('elmed-orders', plugins_url('assets/orders.css', ELMED_WC_FILE), array(), ELMED_WC_VERSION);
        }
    }
}
