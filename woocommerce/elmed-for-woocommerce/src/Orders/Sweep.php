<?php

/**
 * Picks up what got lost: reports whose job is gone, and completions that no hook told.
 *
 * Once an hour. A job goes when PHP dies in it, when somebody clears the queue, or when the plugin was deactivated; a
 * completion is not told when a program writes the status into the database itself.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Plugin;

final class Sweep
{
    public function register(): void
    {
        add_action('action_scheduler_init', array($this, 'schedule'));
        add_action('action_scheduler_ensure_recurring_actions', array($this, 'schedule'));
        add_action(Jobs::SWEEP, array($this, 'run'));
    }

    public function schedule(): void
    {
        if ((is_admin() || wp_doing_cron()) && !as_has_scheduled_action(Jobs::SWEEP, array(), Plugin::JOBS)) {
            as_schedule_recurring_action(time() + 60, HOUR_IN_SECONDS, Jobs::SWEEP, array(), Plugin::JOBS, true);
        }
    }

    public function run(): void
    {
        try {
            $this->requeue(OrderState::DISPENSE, Jobs::DISPENSE);
            $this->requeue(OrderState::SALE, Jobs::SALE);
            foreach (Tally::unheard() as $order) {
                Completion::enqueue($order);
            }
        } catch (\Throwable $fault) {
            Log::fault($fault, 'sweep');
        }
    }

    private function requeue(string $meta, string $hook): void
    {
        foreach (Tally::underWay($meta) as $order) {
            if (Jobs::next($hook, array($order->get_id())) === null) {
                Jobs::add($hook, array($order->get_id()));
            }
        }
    }
}
