<?php

/**
 * One shopper's tries in turn: a second tab waits from the first one's check until its order carries what it reserved.
 *
 * Taken by Gate\ClassicCheckout, where the reservation waits in the session that both tabs share; ended by
 * Gate\Outcome. Without it both tabs would find the same reservation there, and two parcels would leave on one supply.
 */

namespace Elmed\WooCommerce\Gate;

use Elmed\WooCommerce\Database\Lock;

final class Turn
{
    /** As long as the other tab's check can take, and a little. */
    private const SECONDS = 6;

    private static ?string $held = null;

    /** @throws \Elmed\WooCommerce\Database\Locked When the other tab takes longer. */
    public static function take(): void
    {
        if (self::$held === null && WC()->session) {
            $name = 'shopper-' . WC()->session->get_customer_id();
            Lock::take($name, self::SECONDS);
            self::$held = $name;
            // What the other tab left there; ours was read when the request began.
            Attempt::reread();
        }
    }

    public static function end(): void
    {
        if (self::$held !== null) {
            Lock::give(self::$held);
            self::$held = null;
        }
    }
}
