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

use Elmed\WooCommerce\Database\Sites;
use Elmed\WooCommerce\Log;

final class OutOfSale
{
    /** "yes" since the plugin was activated, until the products are back. */
    public const COMING_BACK = 'elmed_coming_back';

    public function register(): void
    {
        add_action('init', array($this, 'putBack'), 99);
        // Updated by hand, the plugin is switched off for some seconds, without its hook for that.
        add_filter('upgrader_pre_install', array($this, 'updateBegins'), 9, 2);
        add_filter('upgrader_pre_install', array($this, 'updateIsOff'), 11, 2);
        add_filter('plugin_row_meta', array($this, 'say'), 10, 2);
    }

    /** One site's products; a copy of a product does not carry its mark, which names the product. */
    public static function take(): void
    {
        global $wpdb;
        $ours = $wpdb->prepare('meta_key = %s', ProductMeta::OUT_OF_SALE);
        // phpcs:disable WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- prepared above, and names of tables
        $wpdb->query("DELETE o FROM {$wpdb->postmeta} o JOIN {$wpdb->posts} p ON p.ID = o.post_id WHERE o.$ours AND p.post_status IN ('publish', 'future')");
        $wpdb->query(
            $wpdb->prepare(
                "INSERT INTO {$wpdb->postmeta} (post_id, meta_key, meta_value)
                SELECT DISTINCT p.ID, %s, CONCAT(p.ID, ':', p.post_status) FROM {$wpdb->posts} p JOIN {$wpdb->postmeta} m ON m.post_id = p.ID
                WHERE p.post_type IN ('product', 'product_variation') AND p.post_status IN ('publish', 'future')
                AND m.meta_key IN (%s, %s) AND m.meta_value = 'yes'",
                ProductMeta::OUT_OF_SALE,
                ProductMeta::REQUIRES_PRESCRIPTION,
                ProductMeta::CONTROLLED
            )
        );
        $wpdb->query(
            "UPDATE {$wpdb->posts} p JOIN {$wpdb->postmeta} o ON o.post_id = p.ID AND o.$ours AND o.meta_value = CONCAT(p.ID, ':', p.post_status)
            SET p.post_status = IF(p.post_type = 'product', 'draft', 'private')"
        );
        self::cleanCaches($wpdb->get_col("SELECT post_id FROM {$wpdb->postmeta} WHERE $ours"));
        // phpcs:enable
    }

    /**
     * Before WordPress switches the plugin off (priority 10).
     *
     * @param mixed $answer
     * @param mixed $extra
     * @return mixed
     */
    public function updateBegins($answer, $extra = null)
    {
        if (self::isOurs($extra)) {
            // The sites of a network share the plugin's files.
            Sites::each(array(self::class, 'take'));
        }
        return $answer;
    }

    /**
     * After that: no request that begins now puts them back before the plugin is on again.
     *
     * @param mixed $answer
     * @param mixed $extra
     * @return mixed
     */
    public function updateIsOff($answer, $extra = null)
    {
        if (self::isOurs($extra)) {
            Sites::each(array(self::class, 'comeBack'));
        }
        return $answer;
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

    /** @param mixed $extra */
    private static function isOurs($extra): bool
    {
        return is_array($extra) && ($extra['plugin'] ?? '') === plugin_basename(ELMED_WC_FILE);
    }

    /** What somebody has published, hidden or thrown away meanwhile stays as they left it. */
    private static function restore(): void
    {
        global $wpdb;
        $ours = $wpdb->prepare('meta_key = %s', ProductMeta::OUT_OF_SALE);
        // phpcs:disable WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- prepared above, and names of tables
        $marked = $wpdb->get_col("SELECT post_id FROM {$wpdb->postmeta} WHERE $ours");
        // A moment to be published at that has passed meanwhile would never come.
        $wpdb->query(
            "UPDATE {$wpdb->posts} p JOIN {$wpdb->postmeta} o ON o.post_id = p.ID AND o.$ours
            SET p.post_status = IF(o.meta_value = CONCAT(p.ID, ':future') AND p.post_date_gmt > UTC_TIMESTAMP(), 'future', 'publish')
            WHERE o.meta_value IN (CONCAT(p.ID, ':publish'), CONCAT(p.ID, ':future')) AND p.post_status = IF(p.post_type = 'product', 'draft', 'private')"
        );
        $wpdb->query("DELETE FROM {$wpdb->postmeta} WHERE $ours");
        // phpcs:enable
        self::cleanCaches($marked);
    }

    /** @param array<int, string> $ids Of products and variations whose status was changed past WordPress. */
    private static function cleanCaches(array $ids): void
    {
        foreach (array_map('intval', $ids) as $id) {
            clean_post_cache($id);
            wp_cache_delete($id, 'post_meta');
            $parent = (int) wp_get_post_parent_id($id);
            if ($parent > 0) {
                delete_transient('wc_product_children_' . $parent);
                delete_transient('wc_var_prices_' . $parent);
            }
        }
        if ($ids && class_exists(\WC_Cache_Helper::class)) {
            \WC_Cache_Helper::get_transient_version('product', true);
        }
    }
}
