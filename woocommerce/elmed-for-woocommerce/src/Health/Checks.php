<?php

/**
 * What can be wrong with this shop's connection to ELMED, from what is known here, without asking ELMED.
 *
 * Asked by SiteHealth and StatusReport. It changes nothing.
 */

namespace Elmed\WooCommerce\Health;

use Elmed\WooCommerce\Orders\Tally;
use Elmed\WooCommerce\Settings\Connection;
use Elmed\WooCommerce\Settings\Key;
use Elmed\WooCommerce\Settings\Options;
use Elmed\WooCommerce\Sync\Problems;
use Elmed\WooCommerce\Sync\RunState;
use Elmed\WooCommerce\Sync\Schedule;

final class Checks
{
    /**
     * What a person should do something about, in words; none when all is well.
     *
     * @return array<int, string>
     */
    public static function worries(): array
    {
        if (!Key::exists()) {
            return array(__('There is no API key: products are not synced and prescription items cannot be sold.', 'elmed-for-woocommerce'));
        }
        $worries = array();
        $last = Connection::last();
        if ($last !== null && !$last->connected()) {
            $worries[] = $last->text();
        }
        if (Key::isTest()) {
            $worries[] = __('The shop uses a test key: what is sold does not reach your pharmacy.', 'elmed-for-woocommerce');
        }
        $run = RunState::load();
        if ($run !== null && ($run->state === 'failed' || Schedule::isStuck($run))) {
            $worries[] = __('The last sync of products did not come to its end. ELMED → Sync says why.', 'elmed-for-woocommerce');
        }
        if (Schedule::lateBy() > Schedule::TOO_LATE) {
            $worries[] = __('The site’s scheduled jobs (WP-Cron) are late: automatic syncs and reports of completed orders wait for them. Ask your host to call wp-cron.php every minute.', 'elmed-for-woocommerce');
        }
        if (function_exists('wc_get_orders') && Tally::alerts(1)) {
            $worries[] = __('Some orders need your attention. They are marked in WooCommerce → Orders.', 'elmed-for-woocommerce');
        }
        if (Problems::all()) {
            $worries[] = __('Some products have problems. ELMED → Sync lists them.', 'elmed-for-woocommerce');
        }
        return $worries;
    }

    /**
     * Facts for a support request: label => value. No key, nothing of a customer or a product.
     *
     * @return array<string, string>
     */
    public static function facts(): array
    {
        $connection = Connection::last();
        $run = RunState::load();
        $finished = RunState::lastFinished();
        return array(
            'Version' => ELMED_WC_VERSION,
            'Address of ELMED' => Options::baseUrl(),
            'API key' => Key::exists() ? (Key::isTest() ? 'test' : 'live') . (Key::inConstant() ? ', in wp-config.php' : '') : 'none',
            'Connection' => $connection === null ? 'not tested' : $connection->state . ', ' . gmdate('Y-m-d H:i', $connection->at) . ' UTC',
            'Scopes' => $connection === null ? '' : implode(', ', (array) ($connection->facts['scopes'] ?? array())),
            'Automatic sync' => Options::get(Options::AUTO_SYNC),
            'Sync' => $run === null ? 'never' : $run->state . ($run->error === '' ? '' : ' (' . $run->error . ')') . ', ' . $run->counts['seen'] . ' products',
            'Last complete sync' => $finished === null ? 'never' : gmdate('Y-m-d H:i', $finished) . ' UTC',
            'Problems with products' => (string) count(Problems::all()),
            'Orders that wait' => (string) (int) apply_filters('elmed_orders_waiting', 0),
        );
    }
}
