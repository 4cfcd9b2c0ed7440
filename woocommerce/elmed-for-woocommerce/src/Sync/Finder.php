<?php

/**
 * Finds the shop's product that belongs to one of ELMED's: by the stored ELMED id, then by SKU.
 *
 * Asked by Sync\Upsert (inside the SKU's lock) and by Sync\Page (for a whole page at once). It writes nothing.
 */

namespace Elmed\WooCommerce\Sync;

final class Finder
{
    /**
     * By the stored id; also in the trash, where WooCommerce's own look-up by SKU finds nothing.
     *
     * @return int The product or variation; 0 when there is none.
     */
    public function byId(int $id): int
    {
        global $wpdb;
        // The one that is not in the trash comes first, should there be two.
        return (int) $wpdb->get_var(
            $wpdb->prepare(
                "SELECT p.ID FROM {$wpdb->postmeta} m JOIN {$wpdb->posts} p ON p.ID = m.post_id
                WHERE m.meta_key = %s AND m.meta_value = %s AND p.post_type IN ('product', 'product_variation')
                ORDER BY p.post_status = 'trash', p.ID LIMIT 1",
                ProductMeta::ID,
                (string) $id
            )
        );
    }

    /** By SKU, not in the trash; 0 when there is none. */
    public function bySku(string $sku): int
    {
        return (int) wc_get_product_id_by_sku($sku);
    }

    /**
     * The stock of a product as the database has it at this moment; until the transaction ends nobody else changes it.
     *
     * @return int|null Null where none is kept.
     */
    public function lockStock(int $product): ?int
    {
        global $wpdb;
        $stock = $wpdb->get_var($wpdb->prepare("SELECT meta_value FROM {$wpdb->postmeta} WHERE post_id = %d AND meta_key = '_stock' FOR UPDATE", $product));
        return $stock === null || $stock === '' ? null : (int) $stock;
    }

    /** Whether the database has the product, and with it what was written last. */
    public function holds(int $product, string $hash): bool
    {
        global $wpdb;
        $found = $wpdb->get_var(
            $wpdb->prepare(
                "SELECT 1 FROM {$wpdb->posts} p JOIN {$wpdb->postmeta} m ON m.post_id = p.ID WHERE p.ID = %d AND m.meta_key = %s AND m.meta_value = %s",
                $product,
                ProductMeta::HASH,
                $hash
            )
        );
        return $found !== null;
    }

    /** Whether a product is the plugin's own, once connected and let go (when the account was changed). */
    public function wasOurs(int $product, string $sku): bool
    {
        global $wpdb;
        $kept = $wpdb->get_var($wpdb->prepare("SELECT meta_value FROM {$wpdb->postmeta} WHERE post_id = %d AND meta_key = %s", $product, ProductMeta::SKU));
        $id = $wpdb->get_var($wpdb->prepare("SELECT meta_value FROM {$wpdb->postmeta} WHERE post_id = %d AND meta_key = %s", $product, ProductMeta::ID));
        return strcasecmp((string) $kept, $sku) === 0 && (int) $id === 0;
    }

    /**
     * What is stored for a page of ELMED's ids, in two queries: to skip what has not changed without loading it.
     *
     * @param array<int, int> $ids ELMED's ids.
     * @return array<int, array<string, string>> ELMED's id => post_id, status, and the values of the meta keys asked for.
     */
    public function stored(array $ids): array
    {
        global $wpdb;
        if (!$ids) {
            return array();
        }
        $places = implode(',', array_fill(0, count($ids), '%s'));
        $rows = $wpdb->get_results(
            $wpdb->prepare(
                "SELECT m.meta_value AS elmed_id, p.ID AS post_id, p.post_status AS status FROM {$wpdb->postmeta} m JOIN {$wpdb->posts} p ON p.ID = m.post_id
                WHERE m.meta_key = %s AND m.meta_value IN ($places) AND p.post_type IN ('product', 'product_variation')
                ORDER BY p.post_status = 'trash' DESC, p.ID DESC",
                array_merge(array(ProductMeta::ID), array_map('strval', $ids))
            ),
            ARRAY_A
        );
        $found = array();
        foreach ($rows as $row) {
            // The last one stays: not in the trash, lowest id; the same choice as byId() makes.
            $found[(int) $row['elmed_id']] = array('post_id' => $row['post_id'], 'status' => $row['status']);
        }
        return $this->withMeta($found);
    }

    /**
     * @param array<int, array<string, string>> $found
     * @return array<int, array<string, string>>
     */
    private function withMeta(array $found): array
    {
        global $wpdb;
        $by_post = array();
        foreach ($found as $id => $row) {
            $by_post[(int) $row['post_id']] = $id;
        }
        if (!$by_post) {
            return array();
        }
        $posts = implode(',', array_keys($by_post));
        $keys = array_merge(array(ProductMeta::HASH, ProductMeta::IMAGE, '_stock', '_manage_stock'), ProductMeta::MARKS);
        $places = implode(',', array_fill(0, count($keys), '%s'));
        $rows = $wpdb->get_results(
            $wpdb->prepare("SELECT post_id, meta_key, meta_value FROM {$wpdb->postmeta} WHERE post_id IN ($posts) AND meta_key IN ($places)", $keys),
            ARRAY_A
        );
        foreach ($rows as $row) {
            $found[$by_post[(int) $row['post_id']]][$row['meta_key']] = (string) $row['meta_value'];
        }
        return $found;
    }
}
