<?php
/**
 * Everything of WooCommerce that the plugin's code names is there in the WooCommerce it runs on: functions, classes,
 * static and object methods, and the hooks it listens to. A release that drops one of them fails here by name.
 */

namespace Elmed\WooCommerce\Tests;

final class SymbolsTest extends TestCase {

	/** Hooks of other plugins that begin like WooCommerce's own, with whose they are. */
	private const OF_OTHERS = array(
		'woocommerce_paypal_payments_product_buttons_disabled' => 'WooCommerce PayPal Payments',
		'woocommerce_paypal_payments_buttons_disabled'         => 'WooCommerce PayPal Payments',
		'woocommerce_paypal_payments_use_place_order_button'   => 'WooCommerce PayPal Payments',
	);
	/** What WC_Data fires for each property that is read: the prefix is a method's answer, which no reading finds. */
	private const GETTERS = array( 'order_item' => 'WC_Order_Item_Product', 'product' => 'WC_Product', 'product_variation' => 'WC_Product_Variation' );

	/** What wp-admin loads, where some of the plugin's modules live. */
	protected function setUp(): void {
		parent::setUp();
		require_once ABSPATH . 'wp-admin/includes/admin.php';
		require_once WC_ABSPATH . 'includes/admin/wc-admin-functions.php';
	}

	public function test_every_function_is_there(): void {
		$missing = array();
		foreach ( Sources::plugin() as $file => $tokens ) {
			foreach ( Sources::functionCalls( $tokens ) as $name ) {
				if ( ! function_exists( $name ) && ! Sources::asksFor( $tokens, 'function_exists', $name ) ) {
					$missing[] = "$file: $name()";
				}
			}
		}

		$this->assertSame( array(), array_values( array_unique( $missing ) ) );
	}

	public function test_every_class_and_static_method_is_there(): void {
		$missing = array();
		$seen    = 0;
		foreach ( Sources::plugin() as $file => $tokens ) {
			foreach ( Sources::classes( $tokens ) as $class => $methods ) {
				++$seen;
				if ( ! class_exists( $class ) && ! interface_exists( $class ) && ! trait_exists( $class ) ) {
					$missing[] = "$file: $class";
					continue;
				}
				foreach ( $methods as $method ) {
					if ( ! method_exists( $class, $method ) ) {
						$missing[] = "$file: $class::$method()";
					}
				}
			}
		}

		$this->assertGreaterThan( 10, $seen );
		$this->assertSame( array(), $missing );
	}

	public function test_every_method_called_on_an_object_exists_somewhere(): void {
		foreach ( array( 'WC_Order_Refund', 'WC_Product_Variation', 'WC_Shipping_Zone', 'WC_Cart', 'WC_Checkout', 'WC_Session_Handler' ) as $lazy ) {
			class_exists( $lazy );
		}
		$known = array();
		foreach ( Sources::plugin() as $tokens ) {
			foreach ( Sources::declaredMethods( $tokens ) as $method ) {
				$known[ strtolower( $method ) ] = true;
			}
		}
		foreach ( get_declared_classes() as $class ) {
			foreach ( get_class_methods( $class ) as $method ) {
				$known[ strtolower( $method ) ] = true;
			}
		}
		$missing = array();
		foreach ( Sources::plugin() as $file => $tokens ) {
			foreach ( Sources::methodCalls( $tokens ) as $method ) {
				if ( ! isset( $known[ strtolower( $method ) ] ) ) {
					$missing[] = "$file: ->$method()";
				}
			}
		}

		$this->assertSame( array(), array_values( array_unique( $missing ) ) );
	}

	public function test_every_hook_is_fired_by_woocommerce(): void {
		$fired   = Sources::hooksFired( WP_PLUGIN_DIR . '/woocommerce' );
		$missing = array();
		$seen    = 0;
		foreach ( Sources::plugin() as $file => $tokens ) {
			foreach ( Sources::hooksUsed( $tokens ) as $hook ) {
				if ( 0 !== strpos( $hook, 'woocommerce_' ) || isset( self::OF_OTHERS[ $hook ] ) ) {
					continue;
				}
				++$seen;
				if ( ! self::isGetter( $hook ) && ! Sources::isFired( $hook, $fired ) ) {
					$missing[] = "$file: $hook";
				}
			}
		}

		$this->assertGreaterThan( 10, $seen );
		$this->assertSame( array(), array_values( array_unique( $missing ) ) );
	}

	private static function isGetter( string $hook ): bool {
		foreach ( self::GETTERS as $object => $class ) {
			if ( preg_match( "/^woocommerce_{$object}_(get_\w+)$/", $hook, $part ) && method_exists( $class, $part[1] ) ) {
				return true;
			}
		}
		return false;
	}

	public function test_the_reading_itself_finds_what_is_missing(): void {
		$tokens = token_get_all( '<?php namespace A; use Automattic\WooCommerce\Gone; wc_gone(); $a->gone(); Gone::b(); add_action( "woocommerce_gone", "x" );' );

		$this->assertSame( array( 'wc_gone', 'add_action' ), Sources::functionCalls( $tokens ) );
		$this->assertSame( array( 'Automattic\WooCommerce\Gone' => array( 'b' ) ), Sources::classes( $tokens ) );
		$this->assertSame( array( 'gone' ), Sources::methodCalls( $tokens ) );
		$this->assertSame( array( 'woocommerce_gone' ), Sources::hooksUsed( $tokens ) );
		$this->assertFalse( Sources::isFired( 'woocommerce_gone', Sources::hooksFired( WP_PLUGIN_DIR . '/woocommerce' ) ) );
	}
}
