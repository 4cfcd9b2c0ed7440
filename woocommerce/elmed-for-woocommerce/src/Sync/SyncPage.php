<?php

/**
 * ELMED → Sync: Sync Products Now, its progress, cancel and resume, and a sync that runs from the open page where the
 * site's own jobs do not run.
 *
 * Registered by Plugin. It begins and steps Sync\Run and shows Sync\RunState and Sync\Problems; the HTML is in SyncView,
 * the page's script in assets/sync.js. Without JavaScript the buttons do the same, one step a click.
 */

namespace Elmed\WooCommerce\Sync;

use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Settings\SettingsPage;

final class SyncPage
{
    public const SLUG = 'elmed-sync';
    public const ACTION = 'elmed_sync';
    private const DOINGS = array('start', 'cancel', 'resume', 'step', 'clear', 'change_account');

    public function register(): void
    {
        add_action('admin_menu', array($this, 'addMenu'), 11);
        add_action('admin_post_' . self::ACTION, array($this, 'post'));
        add_action('wp_ajax_' . self::ACTION, array($this, 'ajax'));
        add_action('admin_enqueue_scripts', array($this, 'script'));
    }

    public static function url(): string
    {
        return admin_url('admin.php?page=' . self::SLUG);
    }

    public function addMenu(): void
    {
        add_submenu_page(SettingsPage::SLUG, __('ELMED sync', 'elmed-for-woocommerce'), __('Sync', 'elmed-for-woocommerce'), SettingsPage::CAPABILITY, self::SLUG, array($this, 'show'));
    }

    public function show(): void
    {
        if (!current_user_can(SettingsPage::CAPABILITY)) {
            wp_die(esc_html__('You may not see this page.', 'elmed-for-woocommerce'), '', array('response' => 403));
        }
        // Which page of the list of products; nothing is changed by it.
        $page = max(1, absint(wp_unslash($_GET['paged'] ?? 1))); // phpcs:ignore WordPress.Security.NonceVerification
        (new SyncView())->show($page);
    }

    public function script(string $screen): void
    {
        if (strpos($screen, '_page_' . self::SLUG) === false) {
            return;
        }
        wp_enqueue_script('elmed-sync', plugins_url('assets/sync.js', ELMED_WC_FILE), array(), ELMED_WC_VERSION, true);
        $given = array(
            'url' => admin_url('admin-ajax.php'),
            'action' => self::ACTION,
            'nonce' => wp_create_nonce(self::ACTION),
            'lost' => __('This site does not answer at the moment. The page tries again.', 'elmed-for-woocommerce'),
        );
        wp_add_inline_script('elmed-sync', 'var elmedSync = ' . wp_json_encode($given) . ';', 'before');
    }

    /** A button without JavaScript. */
    public function post(): void
    {
        check_admin_referer(self::ACTION);
        $this->demand();
        $this->perform(sanitize_key(wp_unslash($_POST['elmed_do'] ?? '')));
        wp_safe_redirect(self::url());
        exit;
    }

    /** What the page's script asks for: how far it is, or a step from this page. */
    public function ajax(): void
    {
        check_ajax_referer(self::ACTION, 'nonce');
        $this->demand();
        if (sanitize_key(wp_unslash($_POST['elmed_do'] ?? '')) === 'step') {
            $this->perform('step');
        }
        $state = RunState::load();
        wp_send_json_success(
            array(
                'html' => (new SyncView())->progress(),
                'say' => Spoken::of($state),
                'running' => $state !== null && $state->running(),
                'wait' => $state === null ? 0 : max(0, $state->next_at - time()),
            )
        );
    }

    /** @param string $what One of DOINGS; anything else does nothing. */
    public function perform(string $what): void
    {
        if (!in_array($what, self::DOINGS, true)) {
            return;
        }
        try {
            $run = new Run();
            if ($what === 'start') {
                $run->start('manual');
            } elseif ($what === 'cancel') {
                $run->cancel();
            } elseif ($what === 'resume') {
                $run->resume();
            } elseif ($what === 'step') {
                // The page is the worker now: the job that is laid up follows what it finds.
                $state = $run->step();
                $state === null || (new Schedule())->next($state);
            } elseif ($what === 'clear') {
                delete_option(Problems::OPTION);
            } else {
                Account::change();
                $run->start('manual');
            }
        } catch (\Throwable $fault) {
            Log::fault($fault, 'sync page');
        }
    }

    private function demand(): void
    {
        if (!current_user_can(SettingsPage::CAPABILITY)) {
            wp_die(esc_html__('You may not do this.', 'elmed-for-woocommerce'), '', array('response' => 403));
        }
    }
}
