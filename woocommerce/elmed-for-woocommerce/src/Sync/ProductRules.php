<?php

/**
 * What follows from a product's marks in the shop, wherever it is sold: controlled and retired ones cannot be bought, a
 * prescription item is never completed by a gateway at once, and a copy of a product is not connected.
 *
 * Registered by Plugin; asks Sync\ProductMeta. Whether a prescription covers a basket is the gate's question (src/Gate).
 */

namespace Elmed\WooCommerce\Sync;

use WC_Product;

final class ProductRules
{
    /** Not copied with a product: two products with one ELMED id would be one too many. Its prescription mark is. */
    private const NOT_COPIED = array(
        ProductMeta::ID,
        ProductMeta::SKU,
        ProductMeta::HASH,
        ProductMeta::STOCK,
        ProductMeta::WRITTEN,
        ProductMeta::IMAGE,
        ProductMeta::HIDDEN_FROM,
        ProductMeta::OUT_OF_SALE,
        ProductMeta::SYNCED_AT,
        ProductMeta::RESULT,
    );

    public function register(): void
    {
        add_filter('woocommerce_is_purchasable', array($this, 'purchasable'), 99, 2);
        add_filter('woocommerce_variation_is_purchasable', array($this, 'purchasable'), 99, 2);
        add_filter('woocommerce_order_item_needs_processing', array($this, 'needsProcessing'), 99, 2);
        add_filter('woocommerce_duplicate_product_exclude_meta', array($this, 'notCopied'));
    }

    /**
     * @param mixed $purchasable
     * @param mixed $product
     */
    public function purchasable($purchasable, $product): bool
    {
        return $purchasable && !($product instanceof WC_Product && (ProductMeta::isControlled($product) || ProductMeta::isRetired($product)));
    }

    /** Where the plugin cannot work, nothing checks a prescription, and nothing that needs one is sold. */
    public static function closeShop(): void
    {
        foreach (array('woocommerce_is_purchasable', 'woocommerce_variation_is_purchasable') as $question) {
            add_filter($question, array(self::class, 'withoutCheck'), 99, 2);
        }
    }

    /**
     * @param mixed $purchasable
     * @param mixed $product
     */
    public static function withoutCheck($purchasable, $product): bool
    {
        return $purchasable && !($product instanceof WC_Product && (ProductMeta::requiresPrescription($product) || ProductMeta::isControlled($product)));
    }

    /**
     * A virtual prescription item would be completed, and so reported as handed over, the moment it is paid.
     *
     * @param mixed $needs
     * @param mixed $product
     */
    public function needsProcessing($needs, $product): bool
    {
        return $needs || ($product instanceof WC_Product && ProductMeta::requiresPrescription($product));
    }

    /**
     * @param mixed $names
     * @return array<int, string>
     */
    public function notCopied($names): array
    {
        return array_merge((array) $names, self::NOT_COPIED);
    }
}
