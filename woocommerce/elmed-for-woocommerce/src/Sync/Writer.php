<?php

/**
 * Puts what ELMED says into a WooCommerce product: which field is taken over, and which stays the merchant's.
 *
 * Called by Sync\Upsert, which saves. Stock, the prescription mark and whether it is offered always follow ELMED; name,
 * description and price follow it until the merchant edits them (ProductMeta::WRITTEN remembers what was written last).
 */

namespace Elmed\WooCommerce\Sync;

use Elmed\WooCommerce\Settings\Options;
use WC_Product;

final class Writer
{
    /** @var array<int, Problem> What could not be taken over; the product is saved without it. */
    public array $problems = array();

    /**
     * @param bool $new     Just made, nothing in it is the merchant's.
     * @param bool $adopted A product of the merchant's own that is connected now: name and description stay, the price follows.
     */
    public function write(WC_Product $product, Item $item, bool $new, bool $adopted): void
    {
        $written = json_decode((string) $product->get_meta(ProductMeta::WRITTEN), true);
        $written = is_array($written) ? $written : array();
        if (!$product->is_type('variation')) {
            $written = $this->texts($product, $item, $new, $written);
        }
        $written = $this->price($product, $item, $new || $adopted, $written);
        $this->marks($product, $item);
        $product->update_meta_data(ProductMeta::WRITTEN, (string) wp_json_encode($written));
    }

    /** Takes a product out of the shop, remembering where it was; "draft" for a product, "private" for a variation. */
    public static function hide(WC_Product $product): void
    {
        $hidden = $product->is_type('variation') ? 'private' : 'draft';
        $product->update_meta_data(ProductMeta::ACTIVE, 'no');
        if ($product->get_status('edit') !== $hidden) {
            $product->update_meta_data(ProductMeta::HIDDEN_FROM, $product->get_status('edit'));
            $product->set_status($hidden);
        }
    }

    /** Puts it back where it was. */
    public static function show(WC_Product $product): void
    {
        $product->update_meta_data(ProductMeta::ACTIVE, 'yes');
        $before = (string) $product->get_meta(ProductMeta::HIDDEN_FROM);
        if ($before !== '') {
            $product->set_status($before);
            $product->delete_meta_data(ProductMeta::HIDDEN_FROM);
        }
    }

    /** What can be sold: ELMED's whole packs, less what was sold here and is not known there. */
    public static function sellable(Item $item, int $sold): int
    {
        return max(0, $item->wholePacks() - $sold);
    }

    /**
     * @param array<string, string> $written
     * @return array<string, string>
     */
    private function texts(WC_Product $product, Item $item, bool $new, array $written): array
    {
        $name = sanitize_text_field($item->name);
        if ($this->follows($new, $product->get_name('edit'), $written['name'] ?? null)) {
            $product->set_name($name);
            $written['name'] = self::mark($name);
        }
        $description = wp_kses_post($item->description);
        if ($this->follows($new, $product->get_description('edit'), $written['description'] ?? null)) {
            $product->set_description($description);
            $written['description'] = self::mark($description);
        }
        return $written;
    }

    /**
     * @param array<string, string> $written
     * @return array<string, string>
     */
    private function price(WC_Product $product, Item $item, bool $first, array $written): array
    {
        if ($item->price === null) {
            return $this->withoutPrice($product, $written);
        }
        if ($item->currency !== get_woocommerce_currency()) {
            $this->problems[] = new Problem(Problem::CURRENCY, $item->currency);
            return $written;
        }
        if (wc_tax_enabled() && !wc_prices_include_tax()) {
            $this->problems[] = new Problem(Problem::TAX);
            return $written;
        }
        $present = self::amount((string) $product->get_regular_price('edit'));
        // A price that is not there is nobody's decision to keep.
        if ($present === '' || $this->follows($first, $present, $written['price'] ?? null)) {
            $product->set_regular_price($item->price);
            $written['price'] = self::mark(self::amount($item->price));
        }
        return $written;
    }

    /**
     * A price that was ELMED's goes with it; without one WooCommerce does not sell the product. The merchant's own stays.
     *
     * @param array<string, string> $written
     * @return array<string, string>
     */
    private function withoutPrice(WC_Product $product, array $written): array
    {
        if ($this->follows(false, self::amount((string) $product->get_regular_price('edit')), $written['price'] ?? null)) {
            $product->set_regular_price('');
            unset($written['price']);
        }
        return $written;
    }

    /** Apart from the rest, at the last moment: orders take stock meanwhile. @param int $sold Packs that were sold here and ELMED does not know of. */
    public function stock(WC_Product $product, Item $item, int $sold): void
    {
        $product->update_meta_data(ProductMeta::STOCK, (string) $item->stock);
        if ($item->stock === null) {
            return;
        }
        $product->set_manage_stock(true);
        $product->set_stock_quantity(self::sellable($item, $sold));
    }

    /**
     * The marks of a product, as ELMED says them.
     *
     * @return array<string, string>
     */
    public static function marksOf(Item $item): array
    {
        return array(
            ProductMeta::SKU => $item->sku,
            ProductMeta::REQUIRES_PRESCRIPTION => $item->requires_prescription ? 'yes' : 'no',
            ProductMeta::CONTROLLED => $item->is_controlled ? 'yes' : 'no',
            ProductMeta::ACTIVE => $item->active ? 'yes' : 'no',
        );
    }

    private function marks(WC_Product $product, Item $item): void
    {
        $sku = (string) $product->get_meta(ProductMeta::SKU);
        if ($sku !== '' && $sku !== $item->sku && $product->get_sku('edit') === $sku) {
            $product->set_sku($item->sku);
        }
        $product->update_meta_data(ProductMeta::ID, (string) $item->id);
        foreach (self::marksOf($item) as $name => $value) {
            $product->update_meta_data($name, $value);
        }
    }

    /** Whether a field is ELMED's: new, or as the plugin last wrote it, or the setting says so. */
    private function follows(bool $first, string $present, ?string $last): bool
    {
        return $first || Options::overwriteEdits() || ($last !== null && self::mark($present) === $last);
    }

    /** WordPress may store "&" as "&amp;" and change white space; neither is an edit. */
    private static function mark(string $text): string
    {
        return md5(trim((string) preg_replace('/\s+/u', ' ', html_entity_decode($text, ENT_QUOTES))));
    }

    /** "12.50" and "12.5" are one price. */
    private static function amount(string $price): string
    {
        return strpos($price, '.') === false ? $price : rtrim(rtrim($price, '0'), '.');
    }
}
