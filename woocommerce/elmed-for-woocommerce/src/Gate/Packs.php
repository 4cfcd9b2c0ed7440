<?php

/**
 * Counts packs as ELMED does: whole thousandths inside, decimal strings outside ("2", "0.5"), never floats.
 *
 * Used wherever a quantity goes to ELMED or comes from it.
 */

namespace Elmed\WooCommerce\Gate;

final class Packs
{
    /** @param int|float|string $quantity As WooCommerce or ELMED has it. */
    public static function milli($quantity): int
    {
        return (int) round((float) $quantity * 1000);
    }

    public static function text(int $milli): string
    {
        $whole = intdiv($milli, 1000);
        $rest = rtrim(str_pad((string) ($milli % 1000), 3, '0', STR_PAD_LEFT), '0');
        return $rest === '' ? (string) $whole : $whole . '.' . $rest;
    }
}
