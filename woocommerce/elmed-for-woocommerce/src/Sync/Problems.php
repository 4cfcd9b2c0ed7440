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
    /** How many SKUs a short text names. */
    private const NAMED = 5;

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
     * The same with one cause (a currency that is not the shop's stops every price) taken together, newest first.
     *
     * @return array<int, array{what: string, detail: string, at: int, entries: array<int, array<string, mixed>>}>
     */
    public static function groups(): array
    {
        $groups = array();
        foreach (self::all() as $entry) {
            $cause = $entry['what'] . '|' . $entry['detail'];
            $groups[$cause] = $groups[$cause] ?? array('what' => $entry['what'], 'detail' => $entry['detail'], 'at' => $entry['at'], 'entries' => array());
            $groups[$cause]['entries'][] = $entry;
        }
        return array_values($groups);
    }

    /**
     * Short texts for the pharmacy portal and the terminal: the SKUs and what to do.
     *
     * @return array<int, string>
     */
    public static function texts(): array
    {
        return array_map(
            static function ($group) {
                $skus = array_column($group['entries'], 'sku');
                $more = count($skus) > self::NAMED ? ' +' . (count($skus) - self::NAMED) : '';
                return mb_substr(implode(', ', array_slice($skus, 0, self::NAMED)) . $more . ': ' . Problem::text($group['what'], $group['detail']), 0, 300);
            },
            self::groups()
        );
    }

    /** @param array<int, array<string, mixed>> $entries */
    private static function keep(array $entries): void
    {
        update_option(self::OPTION, array_slice($entries, 0, self::KEPT), false);
    }
}
