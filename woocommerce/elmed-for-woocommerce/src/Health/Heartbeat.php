<?php

/**
 * Tells ELMED how this shop is, every hour, when the connection was tested, when a sync is complete, and within a minute or
 * so of an order that begins or stops to wait: the pharmacy portal shows it under Settings → WooCommerce.
 *
 * Registered by Plugin. It sends the plugin's version, the last sync, how many orders wait, and the problems with orders
 * (number and reason) and products (SKU and reason); nothing of a customer.
 */

namespace Elmed\WooCommerce\Health;

use Elmed\WooCommerce\Api\Answer;
use Elmed\WooCommerce\Api\Client;
use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\Tally;
use Elmed\WooCommerce\Plugin;
use Elmed\WooCommerce\Settings\Connection;
use Elmed\WooCommerce\Settings\Key;
use Elmed\WooCommerce\Sync\Problems;
use Elmed\WooCommerce\Sync\RunState;
use WC_Order;

final class Heartbeat
{
    public const JOB = 'elmed_heartbeat';
    /** The same for once, in the background. */
    public const SOON = 'elmed_heartbeat_soon';
    private const SOON_SECONDS = 60;
    /** As many problems as ELMED takes. */
    private const MOST = 50;

    public function register(): void
    {
        add_action(self::JOB, array($this, 'job'));
        add_action(self::SOON, array($this, 'job'));
        add_action('elmed_order_release_changed', array($this, 'soon'));
        add_action('woocommerce_order_status_changed', array($this, 'statusChanged'), 30, 4);
        add_action('elmed_connection_tested', array($this, 'tested'));
        add_action('elmed_sync_ended', array($this, 'synced'));
        if (function_exists('as_supports') && as_supports('ensure_recurring_actions_hook')) {
            add_action('action_scheduler_ensure_recurring_actions', array($this, 'ensure'));
        } else {
            add_action('admin_init', array($this, 'ensure'));
        }
    }

    public function ensure(): void
    {
        if (Key::exists() && !as_has_scheduled_action(self::JOB, null, Plugin::JOBS)) {
            as_schedule_recurring_action(time() + 60, HOUR_IN_SECONDS, self::JOB, array(), Plugin::JOBS, true);
        }
    }

    /** At most one in a minute, however many orders change in it. */
    public function soon(): void
    {
        try {
            if (Key::exists() && !as_has_scheduled_action(self::SOON, array(), Plugin::JOBS)) {
                as_schedule_single_action(time() + self::SOON_SECONDS, self::SOON, array(), Plugin::JOBS, true);
            }
        } catch (\Throwable $fault) {
            // No order fails for it; the next one comes in an hour.
            Log::fault($fault, self::SOON);
        }
    }

    /**
     * One that waited is completed or called off.
     *
     * @param mixed $orderId
     * @param mixed $from
     * @param mixed $to
     * @param mixed $order
     */
    public function statusChanged($orderId, $from, $to, $order = null): void
    {
        if ($order instanceof WC_Order && OrderState::word($order, OrderState::RELEASE) === OrderState::WAITING) {
            $this->soon();
        }
    }

    /** The portal shows the shop as soon as it is connected, also where its jobs do not run. */
    public function tested(Connection $found): void
    {
        if ($found->connected()) {
            $this->job();
        }
    }

    public function synced(string $how): void
    {
        if ($how === 'done') {
            $this->job();
        }
    }

    public function job(): void
    {
        try {
            if (Key::exists()) {
                $this->send(new Client());
            }
        } catch (\Throwable $fault) {
            // The next one comes in an hour.
            Log::fault($fault, self::JOB);
        }
    }

    public function send(Client $client): Answer
    {
        $last = RunState::lastFinished();
        /**
         * How many orders wait for ELMED or for a pharmacist.
         *
         * @param int $count None by default; the module of orders adds its own.
         */
        $waiting = (int) apply_filters('elmed_orders_waiting', 0);
        $body = array(
            'plugin_version' => ELMED_WC_VERSION,
            'last_sync_at' => $last === null ? null : gmdate('Y-m-d\TH:i:s\Z', $last),
            'orders_waiting' => max(0, $waiting),
            'problems' => array_slice(array_merge(array_map(static fn ($text) => mb_substr($text, 0, 300), Tally::problems()), Problems::texts()), 0, self::MOST),
        );
        return $client->request('PUT', '/integrations/woocommerce', array('body' => $body));
    }
}
