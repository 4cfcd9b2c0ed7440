<?php

/**
 * Remembers on each order item that it is sold against a prescription only, so that this is known when its product is gone.
 *
 * Written whenever an item is saved, read by Gate\Basket and Orders\Mails before they look at the product. It is never
 * taken back: what was ordered as a prescription item stays one for this order. It says nothing of a check.
 */

namespace Elmed\WooCommerce\Gate;

use Elmed\WooCommerce\Log;
use WC_Order_Item_Product;
use WC_Product;

final class ItemMark
{
    public const META = '_elmed_on_prescription';

    public function register(): void
    {
        add_action('woocommerce_before_order_item_object_save', array($this, 'beforeSave'));
        add_filter('woocommerce_hidden_order_itemmeta', array($this, 'hide'));
    }

    /** @param mixed $item Any kind of item. */
    public function beforeSave($item): void
    {
        try {
            if ($item instanceof WC_Order_Item_Product && !self::isSet($item) && self::on($item)) {
                $item->update_meta_data(self::META, 'yes');
            }
        } catch (\Throwable $fault) {
            Log::fault($fault, 'mark of an order item');
        }
    }

    /**
     * The order page shows an item's meta to staff; this one is not for them.
     *
     * @param mixed $names
     * @return mixed
     */
    public function hide($names)
    {
        return is_array($names) ? array_merge($names, array(self::META)) : $names;
    }

    /** Whether this item may be sold against a prescription only: as it was ordered, or as its product is now. */
    public static function on(WC_Order_Item_Product $item): bool
    {
        if (self::isSet($item)) {
            return true;
        }
        $product = $item->get_product();
        return $product instanceof WC_Product && Basket::onPrescription($product);
    }

    private static function isSet(WC_Order_Item_Product $item): bool
    {
        return $item->get_meta(self::META) === 'yes';
    }
}
