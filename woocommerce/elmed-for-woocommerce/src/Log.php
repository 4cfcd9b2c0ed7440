<?php

/**
 * The plugin's log: WooCommerce → Status → Logs, source "elmed".
 *
 * Called from anywhere in the plugin. Ids, statuses and milliseconds only: no key, no patient, no reference, no date of
 * birth, no medicine. Callers pass such facts as `$facts`; free text from ELMED or from a shopper is never passed.
 */

namespace Elmed\WooCommerce;

final class Log
{
    /** @param array<string, int|string|null> $facts */
    public static function debug(string $event, array $facts = array()): void
    {
        self::write('debug', $event, $facts);
    }

    /** @param array<string, int|string|null> $facts */
    public static function info(string $event, array $facts = array()): void
    {
        self::write('info', $event, $facts);
    }

    /** @param array<string, int|string|null> $facts */
    public static function warning(string $event, array $facts = array()): void
    {
        self::write('warning', $event, $facts);
    }

    /** A fault of the plugin's own: where it happened, not what was in the variables. */
    public static function fault(\Throwable $fault, string $where): void
    {
        $facts = array('in' => $where, 'fault' => get_class($fault), 'at' => basename($fault->getFile()) . ':' . $fault->getLine());
        self::write('error', 'fault', $facts);
    }

    /** @param array<string, int|string|null> $facts */
    private static function write(string $level, string $event, array $facts): void
    {
        if (!function_exists('wc_get_logger')) {
            return;
        }
        $words = array($event);
        foreach ($facts as $name => $fact) {
            $words[] = $name . '=' . ($fact === null ? '-' : $fact);
        }
        wc_get_logger()->log($level, implode(' ', $words), array('source' => 'elmed'));
    }
}
