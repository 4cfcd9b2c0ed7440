<?php

/**
 * The list of what the plugin consists of, and its start and stop.
 *
 * Called by the main file. Each module has `register(): void`, which names the hooks it answers; its constructor takes
 * nothing and touches nothing. A module's class header says what it answers for.
 */

namespace Elmed\WooCommerce;

use Automattic\WooCommerce\Utilities\FeaturesUtil;

final class Plugin
{
    /** Group of all the plugin's jobs in Action Scheduler. */
    public const JOBS = 'elmed';

    /** @var array<int, class-string> What is registered, in this order. */
    public const MODULES = array(
        // What people see and set.
        Settings\SettingsPage::class,
        Sync\SyncPage::class,
        // Products.
        Sync\Schedule::class,
        Sync\ProductRules::class,
        Sync\OutOfSale::class,
        Sync\ExpressButtons::class,
        // The gate: nothing is sold on prescription without a check.
        Gate\ItemMark::class,
        Gate\ProductNotice::class,
        Gate\Fields::class,
        Gate\Outcome::class,
        Gate\BlockCheckout::class,
        Gate\ClassicCheckout::class,
        Gate\OrderPay::class,
        Gate\Backstop::class,
        // Orders, from the check to the report.
        Orders\Confirm::class,
        Orders\Waiting::class,
        Orders\Sweep::class,
        Orders\Completion::class,
        Orders\DispenseJob::class,
        Orders\SaleJob::class,
        Orders\Cancellation::class,
        Orders\Deletion::class,
        Orders\Refunds::class,
        Orders\Tally::class,
        Orders\Alerts::class,
        Orders\Panel::class,
        Orders\PanelActions::class,
        Orders\Said::class,
        Orders\ListColumn::class,
        Orders\PackingSlip::class,
        Orders\Mails::class,
        Orders\ThankYou::class,
        Orders\Copies::class,
        // Around them.
        Health\SiteHealth::class,
        Health\StatusReport::class,
        Health\Heartbeat::class,
        Privacy\Privacy::class,
        Cli\Commands::class,
    );

    /** Registers all modules; says what is missing and registers none where the shop cannot carry them. */
    public static function start(): void
    {
        if (!Requirements::areMet()) {
            add_action('admin_notices', array(Requirements::class, 'showUnmet'));
            if (defined('WC_VERSION')) {
                // Too old for the gate, and it sells all the same.
                Sync\ProductRules::closeShop();
            }
            return;
        }
        foreach (self::MODULES as $module) {
            (new $module())->register();
        }
    }

    /** Tells WooCommerce that orders in its own tables and the block checkout are supported. */
    public static function declareCompatibility(): void
    {
        if (class_exists(FeaturesUtil::class)) {
            FeaturesUtil::declare_compatibility('custom_order_tables', ELMED_WC_FILE, true);
            FeaturesUtil::declare_compatibility('cart_checkout_blocks', ELMED_WC_FILE, true);
        }
    }

    /** @param mixed $wholeNetwork Whether all sites of a network get the plugin at once. */
    public static function activate($wholeNetwork = false): void
    {
        $wholeNetwork ? Database\Sites::each(array(Sync\OutOfSale::class, 'comeBack'), get_current_network_id()) : Sync\OutOfSale::comeBack();
    }

    /**
     * Leaves no job behind, and nothing for sale that nobody checks any more; everything else stays for the next activation.
     *
     * @param mixed $wholeNetwork Whether all sites of a network lose the plugin at once.
     */
    public static function deactivate($wholeNetwork = false): void
    {
        if (function_exists('as_unschedule_all_actions')) {
            as_unschedule_all_actions('', array(), self::JOBS);
        }
        if (!$wholeNetwork) {
            Sync\OutOfSale::take();
            return;
        }
        Database\Sites::each(
            static function () {
                Sync\OutOfSale::take();
                Database\JobTables::cancel();
            },
            get_current_network_id()
        );
    }
}
