<?php

/**
 * The sites of this installation: one, or all of a network of sites. Each has its own settings, key, products and jobs.
 */

namespace Elmed\WooCommerce\Database;

final class Sites
{
    private const PAGE = 100;

    /**
     * Does the work as each site, one after another; a page of ids at a time is held in memory.
     *
     * @param callable(): void $work
     * @param int              $network That network's sites only; 0: those of all networks.
     */
    public static function each(callable $work, int $network = 0): void
    {
        // WordPress loads these in a network of sites only.
        if (!function_exists('get_sites') || !function_exists('switch_to_blog') || !function_exists('restore_current_blog')) {
            $work();
            return;
        }
        $seen = 0;
        do {
            $ids = get_sites(array('fields' => 'ids', 'number' => self::PAGE, 'offset' => $seen, 'orderby' => 'id', 'network_id' => $network));
            foreach ($ids as $id) {
                switch_to_blog((int) $id);
                try {
                    $work();
                } finally {
                    restore_current_blog();
                }
            }
            $seen += self::PAGE;
        } while (count($ids) === self::PAGE);
    }
}
