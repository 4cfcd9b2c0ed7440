<?php

/**
 * The connected products on ELMED → Sync, 20 a page: what the last sync did with each.
 *
 * Shown by Sync\SyncView; changes nothing.
 */

namespace Elmed\WooCommerce\Sync;

use WC_Product;

final class ProductList
{
    private const SIZE = 20;

    public function show(int $page): void
    {
        $found = wc_get_products(
            array(
                'type' => array('simple', 'variation'),
                'status' => array('publish', 'draft', 'private', 'pending', 'future'),
                'limit' => self::SIZE,
                'page' => $page,
                'paginate' => true,
                'orderby' => 'title',
                'order' => 'ASC',
                'meta_query' => array(array('key' => ProductMeta::ID, 'compare' => 'EXISTS')),
            )
        );
        echo '<h2>' . esc_html__('Products from ELMED', 'elmed-for-woocommerce') . '</h2>';
        if (!$found->products) {
            echo '<p>' . esc_html__('None yet.', 'elmed-for-woocommerce') . '</p>';
            return;
        }
        echo '<div class="elmed-scroll" tabindex="0" role="region" aria-label="' . esc_attr__('Products from ELMED', 'elmed-for-woocommerce') . '"><table class="widefat striped"><thead><tr>';
        $headings = array(
            __('Product', 'elmed-for-woocommerce'),
            __('SKU', 'elmed-for-woocommerce'),
            __('Stock in ELMED', 'elmed-for-woocommerce'),
            __('To sell here', 'elmed-for-woocommerce'),
            __('Sold', 'elmed-for-woocommerce'),
            __('Last result', 'elmed-for-woocommerce'),
        );
        foreach ($headings as $heading) {
            printf('<th scope="col">%s</th>', esc_html($heading));
        }
        echo '</tr></thead><tbody>';
        foreach ($found->products as $product) {
            $this->row($product);
        }
        echo '</tbody></table></div>';
        $this->pages($page, (int) $found->max_num_pages, (int) $found->total);
    }

    private function row(WC_Product $product): void
    {
        $stock = (string) $product->get_meta(ProductMeta::STOCK);
        $cells = array(
            sprintf('<a href="%s">%s</a>', esc_url((string) get_edit_post_link($product->get_parent_id() ?: $product->get_id())), esc_html($product->get_name())),
            esc_html($product->get_sku()),
            esc_html($stock === '' ? __('not kept', 'elmed-for-woocommerce') : $stock),
            esc_html(ProductMeta::isControlled($product) ? __('none: not sold online', 'elmed-for-woocommerce') : self::toSell($product)),
            esc_html(self::how($product)),
            esc_html(self::last($product)),
        );
        echo '<tr><td>' . implode('</td><td>', $cells) . '</td></tr>'; // phpcs:ignore WordPress.Security.EscapeOutput -- each is escaped above
    }

    private static function toSell(WC_Product $product): string
    {
        return $product->managing_stock() ? (string) $product->get_stock_quantity() : __('not counted', 'elmed-for-woocommerce');
    }

    private static function how(WC_Product $product): string
    {
        if (ProductMeta::isControlled($product)) {
            return __('In the pharmacy only (controlled)', 'elmed-for-woocommerce');
        }
        return ProductMeta::requiresPrescription($product)
            ? __('On prescription', 'elmed-for-woocommerce')
            : __('Freely', 'elmed-for-woocommerce');
    }

    /** What happened when; a product that was looked at since and left as it was is unchanged. */
    private static function last(WC_Product $product): string
    {
        $at = (int) strtotime($product->get_meta(ProductMeta::SYNCED_AT) . ' UTC');
        $result = Words::result((string) $product->get_meta(ProductMeta::RESULT));
        /* translators: 1: e.g. "Updated", 2: e.g. "5 minutes" */
        $words = sprintf(__('%1$s, %2$s ago', 'elmed-for-woocommerce'), $result, human_time_diff($at));
        $full = RunState::last()['full'] ?? null;
        if ($full !== null && $full['started_at'] > $at) {
            /* translators: 1: e.g. "Updated, 3 days ago", 2: e.g. "5 minutes" */
            return sprintf(__('%1$s; unchanged when last looked at, %2$s ago', 'elmed-for-woocommerce'), $words, human_time_diff($full['finished_at']));
        }
        return $words;
    }

    private function pages(int $page, int $pages, int $total): void
    {
        $links = paginate_links(
            array(
                'base' => add_query_arg('paged', '%#%', SyncPage::url()),
                'format' => '',
                'current' => $page,
                'total' => $pages,
            )
        );
        /* translators: %s: a number */
        $count = sprintf(_n('%s product', '%s products', $total, 'elmed-for-woocommerce'), number_format_i18n($total));
        printf('<p>%s %s</p>', esc_html($count), wp_kses_post((string) $links));
    }
}
