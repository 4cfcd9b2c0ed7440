<?php

/**
 * What the plugin keeps on a product, by name, and how to ask it.
 *
 * Written by Sync\Upsert; read by the gate, the jobs of orders and Sync. A variation without a mark has its parent's; the
 * SKU and the id it has of its own or not at all, since another pack is another product.
 */

namespace Elmed\WooCommerce\Sync;

use WC_Product;

final class ProductMeta
{
    /** ELMED's id of the product. */
    public const ID = '_elmed_product_id';
    /** The SKU in ELMED, also where the merchant has changed the shop's. */
    public const SKU = '_elmed_sku';
    /** "yes" or "no". */
    public const REQUIRES_PRESCRIPTION = '_elmed_requires_prescription';
    /** "yes": a controlled medicine, never sold online. */
    public const CONTROLLED = '_elmed_controlled';
    /** "no": retired in ELMED, or gone from it. */
    public const ACTIVE = '_elmed_active';
    /** What no import and no other plugin may take away: compared in each sync. */
    public const MARKS = array(self::SKU, self::REQUIRES_PRESCRIPTION, self::CONTROLLED, self::ACTIVE);
    /** Hash of what ELMED last said, to skip what has not changed. */
    public const HASH = '_elmed_hash';
    /** Stock in ELMED, in packs, as it said it; "" where it keeps none. */
    public const STOCK = '_elmed_stock';
    /** JSON: what the plugin last wrote to the fields that a merchant may edit. */
    public const WRITTEN = '_elmed_written';
    /** Address and attachment of the image that was brought over. */
    public const IMAGE = '_elmed_image';
    /** Status to go back to when the product is offered again. */
    public const HIDDEN_FROM = '_elmed_hidden_from';
    /** "ID:status" before the plugin was deactivated; see Sync\OutOfSale. */
    public const OUT_OF_SALE = '_elmed_out_of_sale';
    /** When the sync last changed it (UTC), and what it did. */
    public const SYNCED_AT = '_elmed_synced_at';
    public const RESULT = '_elmed_result';

    /** Whether it may be bought against a prescription only. */
    public static function requiresPrescription(WC_Product $product): bool
    {
        return self::ownOrParents($product, self::REQUIRES_PRESCRIPTION) === 'yes';
    }

    /** Whether it is a controlled medicine, which is handed out in the pharmacy only. */
    public static function isControlled(WC_Product $product): bool
    {
        return self::ownOrParents($product, self::CONTROLLED) === 'yes';
    }

    /** Whether ELMED has retired it or does not know it any more. */
    public static function isRetired(WC_Product $product): bool
    {
        return self::ownOrParents($product, self::ACTIVE) === 'no';
    }

    /** ELMED's id; null for a product that ELMED does not know. */
    public static function id(WC_Product $product): ?int
    {
        $id = (int) $product->get_meta(self::ID);
        return $id > 0 ? $id : null;
    }

    /** The SKU to name to ELMED; null for a product that ELMED does not know. */
    public static function sku(WC_Product $product): ?string
    {
        $sku = (string) $product->get_meta(self::SKU);
        return $sku === '' ? null : $sku;
    }

    /** A value of the product's own or, for a variation without one, of its parent. */
    private static function ownOrParents(WC_Product $product, string $name): string
    {
        $value = (string) $product->get_meta($name);
        if ($value === '' && $product->is_type('variation')) {
            $parent = wc_get_product($product->get_parent_id());
            return $parent instanceof WC_Product ? (string) $parent->get_meta($name) : '';
        }
        return $value;
    }
}
