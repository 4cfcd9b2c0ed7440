<?php

/**
 * Says before the checkout what needs a prescription: on the product's page, and at the item in the basket.
 *
 * What will be asked, and for what is never sold online why there is no button. It asks the product's marks only.
 */

namespace Elmed\WooCommerce\Gate;

use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Sync\ProductMeta;
use WC_Product;

final class ProductNotice
{
    public function register(): void
    {
        // Between the short description and the button.
        add_action('woocommerce_single_product_summary', array($this, 'onPage'), 25);
        add_filter('woocommerce_get_item_data', array($this, 'inBasket'), 10, 2);
    }

    public function onPage(): void
    {
        try {
            $product = $GLOBALS['product'] ?? null;
            $words = $product instanceof WC_Product ? self::words($product) : '';
            if ($words !== '') {
                printf('<p class="elmed-on-prescription"><strong>%s</strong></p>', esc_html($words));
            }
        } catch (\Throwable $fault) {
            Log::fault($fault, 'product page');
        }
    }

    /**
     * @param mixed $data
     * @param mixed $item
     * @return mixed
     */
    public function inBasket($data, $item = null)
    {
        $product = is_array($item) ? $item['data'] ?? null : null;
        if (is_array($data) && $product instanceof WC_Product && Basket::onPrescription($product)) {
            $data[] = array(
                'key' => __('On prescription', 'elmed-for-woocommerce'),
                'value' => __('its reference and the date of birth are asked for at the checkout', 'elmed-for-woocommerce'),
            );
        }
        return $data;
    }

    /** "" for what anybody may buy. */
    public static function words(WC_Product $product): string
    {
        if (ProductMeta::isControlled($product)) {
            return __('A controlled medicine: it is handed out in the pharmacy only and cannot be ordered online. Bring your prescription to the pharmacy.', 'elmed-for-woocommerce');
        }
        if (ProductMeta::isRetired($product)) {
            return __('This product is not offered any more. Call the pharmacy; it knows what can be had instead.', 'elmed-for-woocommerce');
        }
        if (!ProductMeta::requiresPrescription($product)) {
            return '';
        }
        return __('On prescription only. At the checkout you enter the reference of your prescription (it is on the prescription and in your ELMED account) and the date of birth of the patient.', 'elmed-for-woocommerce');
    }
}
