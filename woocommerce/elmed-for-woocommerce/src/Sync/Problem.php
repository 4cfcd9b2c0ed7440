<?php

/**
 * Why one product could not be brought over, or not whole, and what to do about it.
 *
 * Thrown or noted by Sync\Upsert and what it calls, kept by Sync\Problems, shown on ELMED → Sync.
 */

namespace Elmed\WooCommerce\Sync;

final class Problem extends \RuntimeException
{
    public const MALFORMED = 'malformed';
    public const SKU_TAKEN = 'sku_taken';
    public const TYPE = 'type';
    public const CURRENCY = 'currency';
    public const TAX = 'tax';
    public const IMAGE = 'image';
    public const CRASHED = 'crashed';
    public const BUSY = 'busy';
    public const NOT_SAVED = 'not_saved';

    public string $what;
    public string $detail;

    public function __construct(string $what, string $detail = '')
    {
        $this->what = $what;
        $this->detail = $detail;
        parent::__construct($what);
    }

    /** What is wrong and what to do, for the shop's people. */
    public static function text(string $what, string $detail): string
    {
        $texts = self::texts();
        return trim(str_replace('{detail}', $detail, $texts[$what] ?? $texts[self::NOT_SAVED]));
    }

    /** @return array<string, string> */
    private static function texts(): array
    {
        return array(
            self::MALFORMED => __('ELMED sent this product without a SKU or a name, or with a price or stock that is not a number. Correct it in the pharmacy portal under Inventory.', 'elmed-for-woocommerce'),
            self::SKU_TAKEN => __('A product of your own has this SKU, and was left alone. Change the SKU of one of the two, or choose “Connect it” in ELMED → Settings and sync again.', 'elmed-for-woocommerce'),
            self::TYPE => __('The product with this SKU is of the type “{detail}”, which cannot be connected: only simple products and variations can. Give the SKU to one of those.', 'elmed-for-woocommerce'),
            self::CURRENCY => __('The price in ELMED is in {detail}, which is not the shop’s currency, so it was not taken over. Use the same currency in WooCommerce → Settings → General and in the pharmacy portal.', 'elmed-for-woocommerce'),
            self::TAX => __('Prices in ELMED include taxes, but this shop enters prices without, so the price was not taken over. Choose “Yes, I will enter prices inclusive of tax” in WooCommerce → Settings → Tax and sync again.', 'elmed-for-woocommerce'),
            self::IMAGE => __('The product is complete except for its picture, which could not be brought over ({detail}). It is tried again with the next sync.', 'elmed-for-woocommerce'),
            self::CRASHED => __('WordPress crashed twice while saving this product, so it was left out. Another plugin may fail on it: save the product by hand, or look into WooCommerce → Status → Logs.', 'elmed-for-woocommerce'),
            self::BUSY => __('Another process was saving this product at the same time. It is tried again with the next sync.', 'elmed-for-woocommerce'),
            self::NOT_SAVED => __('WooCommerce did not save this product: {detail}', 'elmed-for-woocommerce'),
        );
    }
}
