<?php

/**
 * When a sync begins by itself, and how a running one gets from step to step: jobs in WooCommerce's Action Scheduler.
 *
 * Registered by Plugin. Before each step a second job is laid up for two minutes later, so that a step whose process
 * dies is taken up again; the step's end replaces it. The steps themselves are Sync\Run's.
 */

namespace Elmed\WooCommerce\Sync;

use Elmed\WooCommerce\Health\Heartbeat;
use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Plugin;
use Elmed\WooCommerce\Settings\Key;
use Elmed\WooCommerce\Settings\Options;

final class Schedule
{
    public const STEP = 'elmed_sync_step';
    public const AUTO = 'elmed_sync_auto';
    /** What a step may take before somebody else looks after it. */
    private const RESCUE = 120;
    /** A step that is this late means that nobody runs the jobs. */
    private const LATE = 90;
    /** Recurring jobs that are this late do not run by themselves; WordPress begins them at visits, so a quiet hour is usual. */
    public const TOO_LATE = 3600;

    public function register(): void
    {
        add_action(self::STEP, array($this, 'step'));
        add_action(self::AUTO, array($this, 'begin'));
        add_action('elmed_sync_started', array($this, 'next'), 10, 0);
        add_action('elmed_settings_saved', array($this, 'renew'), 10, 0);
        // Action Scheduler from 3.9.3 asks for recurring jobs once a day; before that, looking at each visit of wp-admin is the way.
        if (function_exists('as_supports') && as_supports('ensure_recurring_actions_hook')) {
            add_action('action_scheduler_ensure_recurring_actions', array($this, 'ensure'));
        } else {
            add_action('admin_init', array($this, 'ensure'));
        }
    }

    /** The job: one step, and the next one laid up. */
    public function step(): void
    {
        $this->lay(time() + self::RESCUE);
        $state = null;
        try {
            $state = (new Run())->step();
        } catch (\Throwable $fault) {
            Log::fault($fault, self::STEP);
            return;
        }
        if ($state === null) {
            return;
        }
        $this->next($state);
    }

    /** The recurring job: what changed, or everything once a day. */
    public function begin(): void
    {
        if (!Key::exists() || Options::autoSyncSeconds() === 0) {
            return;
        }
        try {
            (new Run())->start('schedule', false);
        } catch (\Throwable $fault) {
            Log::fault($fault, self::AUTO);
        }
    }

    /** Lays the next step up where one is due, and none where none is. */
    public function next(?RunState $state = null): void
    {
        $state = $state ?? RunState::load();
        if ($state !== null && $state->running()) {
            $this->lay(max(time(), $state->next_at));
        } else {
            as_unschedule_all_actions(self::STEP, array(), Plugin::JOBS);
        }
    }

    /** The recurring job as the settings want it; made anew only where it is not so already. */
    public function ensure(): void
    {
        $seconds = Options::autoSyncSeconds();
        if ($seconds === 0 || !Key::exists()) {
            return;
        }
        if (!as_has_scheduled_action(self::AUTO, null, Plugin::JOBS)) {
            as_schedule_recurring_action(time() + min($seconds, 60), $seconds, self::AUTO, array(), Plugin::JOBS, true);
        }
    }

    /** After a change of the settings. */
    public function renew(): void
    {
        as_unschedule_all_actions(self::AUTO, array(), Plugin::JOBS);
        $this->ensure();
    }

    /** Whether a running sync should have got on by now, and has not: nobody runs the shop's jobs. */
    public static function isStuck(RunState $state): bool
    {
        return $state->running() && max($state->moved_at, $state->next_at) + self::LATE < time();
    }

    /** Seconds by which the plugin's recurring jobs are late; 0 when they are not. */
    public static function lateBy(): int
    {
        $late = 0;
        foreach (function_exists('as_next_scheduled_action') ? array(self::AUTO, Heartbeat::JOB) : array() as $job) {
            // True: it is running right now.
            $due = as_next_scheduled_action($job, null, Plugin::JOBS);
            $late = is_int($due) ? max($late, time() - $due) : $late;
        }
        return $late;
    }

    /** One step job at that time, and no other. */
    private function lay(int $at): void
    {
        as_unschedule_all_actions(self::STEP, array(), Plugin::JOBS);
        if ($at <= time()) {
            as_enqueue_async_action(self::STEP, array(), Plugin::JOBS);
        } else {
            as_schedule_single_action($at, self::STEP, array(), Plugin::JOBS);
        }
    }
}
