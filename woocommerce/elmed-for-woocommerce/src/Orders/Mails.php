<?php

/**
 * Keeps medicines out of mails: the lines of an order that need a prescription are called "Prescription item" there.
 *
 * WooCommerce's mails list an order's products. While such a list is made, names, SKUs, pictures and details of
 * prescription lines are replaced; pages and screens are not touched. A waiting order's mail says what it waits for.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Gate\Basket;
use Elmed\WooCommerce\Gate\ItemMark;
use WC_Order;
use WC_Order_Item_Product;
use WC_Product;

final class Mails
{
    private static int $depth = 0;

    public function register(): void
    {
        add_action('woocommerce_email_order_details', array($this, 'begin'), -9999, 1);
        add_action('woocommerce_email_order_details', array($this, 'end'), 9999);
        add_filter('woocommerce_order_item_get_name', array($this, 'itemName'), 999, 2);
        add_filter('woocommerce_order_item_get_formatted_meta_data', array($this, 'itemDetails'), 999, 2);
        add_filter('woocommerce_order_item_thumbnail', array($this, 'itemPicture'), 999, 2);
        add_filter('woocommerce_product_get_sku', array($this, 'productText'), 999, 2);
        add_filter('woocommerce_product_variation_get_sku', array($this, 'productText'), 999, 2);
        add_filter('woocommerce_product_get_purchase_note', array($this, 'productText'), 999, 2);
        add_filter('woocommerce_product_variation_get_purchase_note', array($this, 'productText'), 999, 2);
        add_filter('woocommerce_structured_data_order', array($this, 'structuredData'), 999, 2);
        foreach (array('low_stock', 'no_stock', 'backorder') as $mail) {
            add_filter('woocommerce_email_content_' . $mail, array($this, 'stockMail'), 999, 2);
        }
        add_action('woocommerce_email_before_order_table', array($this, 'sayWaiting'), 5, 3);
    }

    /** @param mixed $order */
    public function begin($order = null): void
    {
        self::$depth++;
    }

    public function end(): void
    {
        self::$depth = max(0, self::$depth - 1);
    }

    /**
     * @param mixed $name
     * @param mixed $item
     * @return mixed
     */
    public function itemName($name, $item)
    {
        return self::isSecret($item) ? __('Prescription item', 'elmed-for-woocommerce') : $name;
    }

    /**
     * @param mixed $details
     * @param mixed $item
     * @return mixed
     */
    public function itemDetails($details, $item)
    {
        return self::isSecret($item) ? array() : $details;
    }

    /**
     * @param mixed $picture
     * @param mixed $item
     * @return mixed
     */
    public function itemPicture($picture, $item)
    {
        return self::isSecret($item) ? '' : $picture;
    }

    /**
     * @param mixed $text
     * @param mixed $product
     * @return mixed
     */
    public function productText($text, $product)
    {
        return self::$depth > 0 && $product instanceof WC_Product && Basket::onPrescription($product) ? '' : $text;
    }

    /**
     * What machines read in a mail names the products too.
     *
     * @param mixed $data
     * @param mixed $order
     * @return mixed
     */
    public function structuredData($data, $order)
    {
        return self::$depth > 0 && $order instanceof WC_Order && Basket::hasPrescription($order) ? array() : $data;
    }

    /**
     * @param mixed $text
     * @param mixed $subject The product, or what WooCommerce knows of a backorder.
     * @return mixed
     */
    public function stockMail($text, $subject)
    {
        $product = is_array($subject) ? ($subject['product'] ?? null) : $subject;
        if (!$product instanceof WC_Product || !Basket::onPrescription($product)) {
            return $text;
        }
        /* translators: %d: the product's number in the shop */
        return sprintf(__('The stock of product %d needs your attention.', 'elmed-for-woocommerce'), $product->get_id());
    }

    /**
     * @param mixed $order
     * @param mixed $toAdmin
     * @param mixed $plain
     */
    public function sayWaiting($order, $toAdmin = false, $plain = false): void
    {
        if (!$order instanceof WC_Order || $toAdmin || !$order->has_status('on-hold') || OrderState::release($order) !== OrderState::WAITING) {
            return;
        }
        $text = self::waitingText();
        echo $plain ? esc_html($text) . "\n\n" : '<p>' . esc_html($text) . '</p>';
    }

    public static function waitingText(): string
    {
        return __('A pharmacist checks your order before it is sent. You will hear from us.', 'elmed-for-woocommerce');
    }

    /** @param mixed $item */
    private static function isSecret($item): bool
    {
        return self::$depth > 0 && $item instanceof WC_Order_Item_Product && ItemMark::on($item);
    }
}
