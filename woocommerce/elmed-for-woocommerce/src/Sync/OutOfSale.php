<?php

/**
 * Takes what needs a prescription out of the shop where nothing checks prescriptions any more, and puts it back.
 *
 * While the plugin is off nobody asks its marks, so the products themselves must not be for sale: published ones become
 * drafts (variations private), which holds without the plugin, and each remembers that it was published. By statements
 * of its own, so that it is done at once for thousands of products, without WooCommerce, and in each site of a network.
 * Called by Plugin; put back at the first request after the activation, when the gate stands.
 */

namespace Elmed\WooCommerce\Sync;

use Elmed\WooCommerce\Log;

final class OutOfSale
{
    /** "yes" since the plugin was activated, until the products are back. */
    public const COMING_BACK = 'elmed_coming_back';

    public function register(): void
    {
        add_action('init', array($this, 'putBack'), 99);
        add_filter('plugin_row_meta', array($this, 'say'), 10, 2);
    }

    /** One site's products; a copy of a product does not carry its mark, which names the product. */
    public static function take(): void
    {
        global $wpdb;
        $found = $wpdb->get_results(
            $wpdb->prepare(
                "SELECT DISTINCT p.ID, p.post_type, p.post_status FROM {$wpdb->posts} p JOIN {$wpdb->postmeta} m ON m.post_id = p.ID
                WHERE p.post_type IN ('product', 'product_variation') AND p.post_status IN ('publish', 'future')
                AND m.meta_key IN (%s, %s) AND m.meta_value = 'yes'",
                ProductMeta::REQUIRES_PRESCRIPTION,
                ProductMeta::CONTROLLED
            )
        );
        foreach ($found as $row) {
            $id = (int) $row->ID;
            // First what it was: whatever ends this between the two leaves a product that is for sale and is taken next time.
            update_post_meta($id, ProductMeta::OUT_OF_SALE, $id . ':' . $row->post_status);
            self::setStatus($id, $row->post_type === 'product' ? 'draft' : 'private');
        }
    }

    /** The next request puts them back: at the activation itself the gate does not stand yet. */
    public static function comeBack(): void
    {
        update_option(self::COMING_BACK, 'yes');
    }

    public function putBack(): void
    {
        if (get_option(self::COMING_BACK) !== 'yes') {
            return;
        }
        try {
            self::restore();
            delete_option(self::COMING_BACK);
        } catch (\Throwable $fault) {
            // They stay out of sale, and the next request tries again.
            Log::fault($fault, 'put back');
        }
    }

    /**
     * Before somebody deactivates it.
     *
     * @param mixed $links
     * @param mixed $file
     * @return array<int|string, string>
     */
    public function say($links, $file): array
    {
        $links = (array) $links;
        if ($file === plugin_basename(ELMED_WC_FILE)) {
            $links[] = esc_html__('Deactivating takes items on prescription out of the shop, as drafts, until it is activated again.', 'elmed-for-woocommerce');
        }
        return $links;
    }

    /** What somebody has published, hidden or thrown away meanwhile stays as they left it. */
    private static function restore(): void
    {
        global $wpdb;
        $found = $wpdb->get_results(
            $wpdb->prepare(
                "SELECT p.ID, p.post_type, p.post_status, m.meta_value FROM {$wpdb->posts} p JOIN {$wpdb->postmeta} m ON m.post_id = p.ID WHERE m.meta_key = %s",
                ProductMeta::OUT_OF_SALE
            )
        );
        foreach ($found as $row) {
            list($owner, $before) = explode(':', $row->meta_value . ':', 3);
            $ours = $row->post_type === 'product' ? 'draft' : 'private';
            if ((int) $owner === (int) $row->ID && $row->post_status === $ours && in_array($before, array('publish', 'future'), true)) {
                self::setStatus((int) $row->ID, $before);
            }
            delete_post_meta((int) $row->ID, ProductMeta::OUT_OF_SALE);
        }
    }

    private static function setStatus(int $id, string $status): void
    {
        global $wpdb;
        $wpdb->update($wpdb->posts, array('post_status' => $status), array('ID' => $id));
        clean_post_cache($id);
        $parent = (int) wp_get_post_parent_id($id);
        delete_transient('wc_product_children_' . ($parent ?: $id));
        if (function_exists('wc_delete_product_transients')) {
            wc_delete_product_transients($parent ?: $id);
        }
    }
}
