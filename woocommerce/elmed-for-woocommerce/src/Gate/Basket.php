<?php

/**
 * Which lines of a cart or of an order need a prescription, as ELMED is asked about them.
 *
 * Used by the gate's four paths and by the jobs of orders. It reads products and orders; it never calls ELMED, so it
 * may be used in cart hooks. What an order's item was when it was ordered is remembered by Gate\ItemMark.
 */

namespace Elmed\WooCommerce\Gate;

use Elmed\WooCommerce\Sync\ProductMeta;
use WC_Cart;
use WC_Order;
use WC_Order_Item_Product;
use WC_Product;

final class Basket
{
    /** Whether this product is sold against a prescription only; a controlled medicine is, whatever its mark says. */
    public static function onPrescription(WC_Product $product): bool
    {
        return ProductMeta::requiresPrescription($product) || ProductMeta::isControlled($product);
    }

    /** @return Line[] One for each product of the cart that needs a prescription. */
    public static function ofCart(WC_Cart $cart): array
    {
        $lines = array();
        foreach ($cart->get_cart() as $item) {
            if (isset($item['data']) && $item['data'] instanceof WC_Product) {
                self::add($lines, $item['data'], Packs::milli($item['quantity']));
            }
        }
        return array_values($lines);
    }

    /**
     * @param int|null $until Only what was refunded up to this moment lessens the lines; null: all refunds do.
     * @return Line[] One for each product of the order that needs a prescription, without what was refunded.
     */
    public static function ofOrder(WC_Order $order, ?int $until = null): array
    {
        $lines = array();
        foreach (self::items($order) as $item) {
            if (ItemMark::on($item)) {
                self::addItem($lines, $item, self::left($order, $item, $until));
            }
        }
        return array_values($lines);
    }

    /** Whether an order has a line that needs a prescription, refunded or not. */
    public static function hasPrescription(WC_Order $order): bool
    {
        foreach (self::items($order) as $item) {
            if (ItemMark::on($item)) {
                return true;
            }
        }
        return false;
    }

    /**
     * What of any product was not refunded until then, also of one that is not there any more.
     *
     * @return array<int, int> Product or variation => thousandths of a pack.
     */
    public static function packs(WC_Order $order, ?int $until = null): array
    {
        $packs = array();
        foreach ($order->get_items() as $item) {
            if ($item instanceof WC_Order_Item_Product) {
                $product = self::productId($item);
                $packs[$product] = ($packs[$product] ?? 0) + self::left($order, $item, $until);
            }
        }
        return $packs;
    }

    /**
     * What ELMED knows of and needs no prescription.
     *
     * @param int[] $without Products that are reported otherwise.
     * @return array<string, int> SKU => thousandths of a pack.
     */
    public static function overTheCounter(WC_Order $order, ?int $until = null, array $without = array()): array
    {
        $sold = array();
        foreach (self::items($order) as $item) {
            $product = $item->get_product();
            if (!$product instanceof WC_Product || ItemMark::on($item) || in_array($product->get_id(), $without, true)) {
                continue;
            }
            $sku = ProductMeta::sku($product);
            $left = self::left($order, $item, $until);
            if ($sku !== null && $left > 0) {
                $sold[$sku] = ($sold[$sku] ?? 0) + $left;
            }
        }
        return $sold;
    }

    /** The item's variation or product; WooCommerce itself does not tell one that was deleted. */
    public static function productId(WC_Order_Item_Product $item): int
    {
        $id = $item->get_variation_id() ?: $item->get_product_id();
        if (!$id && $item->get_id()) {
            $id = wc_get_order_item_meta($item->get_id(), '_variation_id') ?: wc_get_order_item_meta($item->get_id(), '_product_id');
        }
        return (int) $id;
    }

    /** @return WC_Order_Item_Product[] */
    private static function items(WC_Order $order): array
    {
        return array_filter($order->get_items(), static fn ($item) => $item instanceof WC_Order_Item_Product);
    }

    /** Thousandths of a pack of one item that were not refunded until then. */
    private static function left(WC_Order $order, WC_Order_Item_Product $item, ?int $until): int
    {
        $left = Packs::milli($item->get_quantity());
        foreach ($order->get_id() ? $order->get_refunds() : array() as $refund) {
            $made = $refund->get_date_created();
            if ($until !== null && $made && $made->getTimestamp() > $until) {
                continue;
            }
            foreach ($refund->get_items() as $returned) {
                if ((int) $returned->get_meta('_refunded_item_id') === $item->get_id()) {
                    $left -= abs(Packs::milli($returned->get_quantity()));
                }
            }
        }
        return max(0, $left);
    }

    /** @param array<int, Line> $lines */
    private static function add(array &$lines, WC_Product $product, int $milli): void
    {
        if (self::onPrescription($product)) {
            self::addPacks($lines, new Line($product->get_id(), ProductMeta::sku($product), $product->get_name()), $milli);
        }
    }

    /**
     * One whose product is gone has no SKU to ask about: it cannot be sold any more.
     *
     * @param array<int, Line> $lines
     */
    private static function addItem(array &$lines, WC_Order_Item_Product $item, int $milli): void
    {
        $product = $item->get_product();
        $there = $product instanceof WC_Product;
        $line = new Line(
            $there ? $product->get_id() : self::productId($item),
            $there ? ProductMeta::sku($product) : null,
            $there ? $product->get_name() : $item->get_name()
        );
        self::addPacks($lines, $line, $milli);
    }

    /** @param array<int, Line> $lines */
    private static function addPacks(array &$lines, Line $line, int $milli): void
    {
        if ($milli <= 0) {
            return;
        }
        $lines[$line->product] = $lines[$line->product] ?? $line;
        $lines[$line->product]->milli += $milli;
    }
}
