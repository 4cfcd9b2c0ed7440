<?php

/**
 * The list of what stands in the way of products, the newest 50; one entry a product and kind.
 *
 * Written by Sync\Upsert and Sync\Run, shown by SyncPage, counted by Site Health and the heartbeat. An entry goes when
 * its product was brought over without it.
 */

namespace Elmed\WooCommerce\Sync;

final class Problems
{
    public const OPTION = 'elmed_sync_problems';
    private const KEPT = 50;

    /**
     * Newest first.
     *
     * @return array<int, array{id: int, sku: string, name: string, what: string, detail: string, product: int, at: int}>
     */
    public static function all(): array
    {
        $kept = get_option(self::OPTION, array());
        return is_array($kept) ? array_values($kept) : array();
    }

    /** Puts a problem at the top of the list. */
    public static function note(int $id, string $sku, string $name, Problem $problem, int $product = 0): void
    {
        $entry = array(
            'id' => $id,
            'sku' => sanitize_text_field($sku),
            'name' => sanitize_text_field($name),
            'what' => $problem->what,
            'detail' => sanitize_text_field($problem->detail),
            'product' => $product,
            'at' => time(),
        );
        $others = array_filter(self::all(), static fn ($other) => $other['id'] !== $id || $other['what'] !== $problem->what);
        self::keep(array_merge(array($entry), array_values($others)));
    }

    /**
     * A product came over: what stood in its way before is gone, except for what was noted just now.
     *
     * @param array<int, string> $still Kinds that were noted just now.
     */
    public static function clear(int $id, array $still = array()): void
    {
        $all = self::all();
        $left = array_values(array_filter($all, static fn ($entry) => $entry['id'] !== $id || in_array($entry['what'], $still, true)));
        if (count($left) !== count($all)) {
            self::keep($left);
        }
    }

    /**
     * Short texts for the pharmacy portal: the SKU and what to do.
     *
     * @return array<int, string>
     */
    public static function texts(): array
    {
        return array_map(
            static fn ($entry) => mb_substr($entry['sku'] . ': ' . Problem::text($entry['what'], $entry['detail']), 0, 300),
            self::all()
        );
    }

    /** @param array<int, array<string, mixed>> $entries */
    private static function keep(array $entries): void
    {
        update_option(self::OPTION, array_slice($entries, 0, self::KEPT), false);
    }
}
