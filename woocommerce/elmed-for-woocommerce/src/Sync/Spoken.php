<?php

/**
 * What a screen reader hears of a sync: that it begins, each tenth of it, that something is wrong, and its end.
 *
 * Used by SyncPage and SyncView. The page's script says the text when the key is another one than before, so that the
 * steps between are silent.
 */

namespace Elmed\WooCommerce\Sync;

final class Spoken
{
    /** @return array{key: string, text: string} */
    public static function of(?RunState $state): array
    {
        if ($state === null) {
            return array('key' => '', 'text' => '');
        }
        $tenths = self::tenths($state);
        $problems = (int) ($state->counts['problem'] ?? 0);
        $key = implode(' ', array($state->state, $state->error, $state->running() ? (string) $tenths : '', $problems > 0 ? 'problems' : ''));
        $parts = $state->running() && $state->error === '' ? array(self::progress($tenths)) : array(self::outcome($state));
        if ($problems > 0) {
            /* translators: %s: a number */
            $parts[] = sprintf(_n('%s product with a problem.', '%s products with a problem.', $problems, 'elmed-for-woocommerce'), number_format_i18n($problems));
        }
        return array('key' => $key, 'text' => implode(' ', $parts));
    }

    private static function progress(?int $tenths): string
    {
        return $tenths === null || $tenths === 0
            ? __('The sync is running.', 'elmed-for-woocommerce')
            /* translators: %s: a number */
            : sprintf(__('The sync is running: %s percent.', 'elmed-for-woocommerce'), number_format_i18n($tenths * 10));
    }

    /** It waits, or it has ended. */
    private static function outcome(RunState $state): string
    {
        $seen = $state->counts['seen'];
        /* translators: %s: a number */
        $looked = $state->running() ? '' : sprintf(_n('%s product looked at', '%s products looked at', $seen, 'elmed-for-woocommerce'), number_format_i18n($seen)) . '.';
        /* translators: %s: "Complete", "Waiting" … */
        $words = sprintf(__('Sync: %s.', 'elmed-for-woocommerce'), Words::state($state));
        return implode(' ', array_filter(array($words, Words::reason($state), $looked)));
    }

    /** Null where nobody knows how many products there are. */
    private static function tenths(RunState $state): ?int
    {
        $expected = $state->expected();
        return $expected === null ? null : intdiv(10 * $state->counts['seen'], $expected);
    }
}
