<?php

/**
 * What WordPress runs when the plugin is deleted: the key and the jobs go, always. The rest of the plugin's own data
 * goes when the shop says that it wants that (WC_REMOVE_ALL_DATA in wp-config.php, WooCommerce's own switch).
 * Products are never touched: they are the shop's, and the marks on them keep a later sync from making them twice. What needs a
 * prescription stays the draft that the deactivation made of it: without the plugin nobody checks one.
 *
 * @package Elmed\WooCommerce
 */

defined('WP_UNINSTALL_PLUGIN') || exit;

(static function () {
    require __DIR__ . '/src/autoload.php';
    $everything = defined('WC_REMOVE_ALL_DATA') && true === WC_REMOVE_ALL_DATA;
    Elmed\WooCommerce\Database\Sites::each(static function () use ($everything) {
        (new Elmed\WooCommerce\Uninstall())->run($everything);
    });
})();
