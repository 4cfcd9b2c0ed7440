<?php

/**
 * Finds the plugin's classes: Elmed\WooCommerce\Sync\Run lives in src/Sync/Run.php (PSR-4).
 *
 * @package Elmed\WooCommerce
 */

defined('ABSPATH') || exit;

spl_autoload_register(
    static function ($class) {
        $prefix = 'Elmed\\WooCommerce\\';
        if (strncmp($class, $prefix, strlen($prefix)) !== 0) {
            return;
        }
        $file = __DIR__ . '/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
);
