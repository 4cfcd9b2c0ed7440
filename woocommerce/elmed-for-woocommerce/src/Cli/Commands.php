<?php

/**
 * `wp elmed sync | status | test`: for those who run the shop from a terminal or by their own cron.
 *
 * Registered by Plugin where WP-CLI runs. It begins and steps the same sync as the page and the jobs do.
 */

namespace Elmed\WooCommerce\Cli;

use Elmed\WooCommerce\Health\Checks;
use Elmed\WooCommerce\Settings\ConnectionTest;
use Elmed\WooCommerce\Sync\Problems;
use Elmed\WooCommerce\Sync\Run;
use Elmed\WooCommerce\Sync\RunState;
use Elmed\WooCommerce\Sync\Words;
use WP_CLI;

final class Commands
{
    public function register(): void
    {
        if (defined('WP_CLI') && WP_CLI) {
            WP_CLI::add_command('elmed', self::class);
        }
    }

    /**
     * Syncs products from ELMED, here and now.
     *
     * ## OPTIONS
     *
     * [--changes]
     * : Only what changed since the last sync, where one was complete within the last day.
     *
     * ## EXAMPLES
     *
     *     wp elmed sync
     *
     * @param array<int, string>    $args
     * @param array<string, string> $options
     */
    public function sync($args, $options): void
    {
        $run = new Run();
        $state = $run->start('cli', !isset($options['changes']));
        WP_CLI::log($state->kind === 'full' ? 'Syncing all products.' : 'Syncing what changed.');
        while ($state !== null && $state->running()) {
            $stepped = $run->step();
            if ($stepped === null) {
                WP_CLI::log('Another process is at it; waiting.');
                sleep(2);
            }
            $state = $stepped ?? RunState::load();
            if ($state !== null) {
                $this->say($state);
            }
        }
        $this->finish($state);
    }

    /**
     * Shows how the connection and the last sync are.
     *
     * @param array<int, string>    $args
     * @param array<string, string> $options
     */
    public function status($args, $options): void
    {
        foreach (Checks::facts() as $label => $value) {
            WP_CLI::log($label . ': ' . $value);
        }
        foreach (Problems::texts() as $text) {
            WP_CLI::log('- ' . $text);
        }
        foreach (Checks::worries() as $worry) {
            WP_CLI::warning($worry);
        }
    }

    /**
     * Tests the connection to ELMED.
     *
     * @param array<int, string>    $args
     * @param array<string, string> $options
     */
    public function test($args, $options): void
    {
        $found = (new ConnectionTest())->run();
        if (!$found->connected()) {
            WP_CLI::error($found->title() . ': ' . $found->text());
        }
        WP_CLI::success($found->title() . ' ' . $found->text());
        if ($found->isTest()) {
            WP_CLI::warning('This is a test key.');
        }
    }

    private function say(RunState $state): void
    {
        WP_CLI::log($state->counts['seen'] . ' products: ' . implode(', ', Words::counts($state->counts)));
        $wait = $state->running() ? $state->next_at - time() : 0;
        if ($wait > 0) {
            WP_CLI::log(Words::reason($state));
            sleep($wait);
        }
    }

    private function finish(?RunState $state): void
    {
        if ($state === null || $state->state === 'failed') {
            WP_CLI::error($state === null ? 'There is no sync.' : Words::state($state) . ': ' . Words::reason($state));
        }
        WP_CLI::success(Words::state($state) . ' in ' . (time() - $state->started_at) . ' s.');
    }
}
